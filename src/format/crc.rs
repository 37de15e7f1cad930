//! CRC-32C as TensorFlow's files hold it: masked, so that a sum over bytes that contain sums stays a good one.

/// The masked CRC-32C of `bytes`.
pub fn masked_crc(bytes: &[u8]) -> u32 {
    mask(crc32c::crc32c(bytes))
}

/// The masked form of a CRC-32C.
pub fn mask(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standard() {
        // RFC 3720, B.4: 32 bytes of zeros, and 32 of ones.
        assert_eq!(masked_crc(&[0; 32]), mask(0x8a91_36aa));
        assert_eq!(masked_crc(&[0xff; 32]), mask(0x62a8_ab43));
        assert_eq!(mask(0), 0xa282_ead8);
    }
}
