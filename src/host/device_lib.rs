//! The devices that there are. TF: `tensorflow.python.client.device_lib`.

/// What is known of a device. TF: `DeviceAttributes`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceAttributes {
    /// Its name: `/device:CPU:0`.
    pub name: String,
    /// What it is: `CPU`.
    pub device_type: String,
    /// How many bytes may be taken; what TensorFlow says of processors, where nothing is limited.
    pub memory_limit: i64,
    /// More in words; nothing for a processor.
    pub physical_device_desc: String,
}

/// All devices: the processor alone. TF: `device_lib.list_local_devices()`.
///
/// ```
/// use flowstone as tf;
/// let devices = tf::python::client::device_lib::list_local_devices();
/// let gpus = devices.iter().filter(|device| device.device_type == "GPU").count();
/// assert_eq!((gpus, &*devices[0].name), (0, "/device:CPU:0"));
/// ```
pub fn list_local_devices() -> Vec<DeviceAttributes> {
    vec![DeviceAttributes {
        name: "/device:CPU:0".to_owned(),
        device_type: "CPU".to_owned(),
        memory_limit: 256 << 20,
        physical_device_desc: String::new(),
    }]
}
