//! Text → the bytes of a message. Takes what protobuf's own parser takes, except extensions.

use super::schema::{Field, Kind, Label, Message};
use super::wire::DEEPEST;
use crate::error::{Error, Result};
use crate::format::cursor::put_varint;

/// The bytes of the message that `text` is.
pub(super) fn parse(text: &str, message: &'static Message) -> Result<Vec<u8>> {
    let mut tokens = Tokens::new(text);
    let mut open: Vec<Open> = Vec::new();
    let mut current = Open { message, bytes: Vec::new(), field: &OUTERMOST, close: "", listed: false };
    loop {
        let token = tokens.next()?;
        if token.text == current.close && token.kind != TokenKind::String {
            let Some(mut outer) = open.pop() else { return Ok(current.bytes) };
            let (field, listed) = (current.field, current.listed);
            put_run(&mut outer.bytes, field, &current.bytes);
            current = outer;
            if listed && tokens.take(",")? {
                let inner = begin(field, true, &mut tokens)?;
                push(&mut open, &mut current, inner, &tokens)?;
                continue;
            }
            if listed {
                tokens.expect("]")?;
            }
            tokens.separator()?;
            continue;
        }
        let field = field(&token, current.message, &tokens)?;
        let colon = tokens.take(":")?;
        if field.kind.message().is_some() {
            let listed = tokens.take("[")?;
            if listed && tokens.take("]")? {
                tokens.separator()?;
                continue;
            }
            let inner = begin(field, listed, &mut tokens)?;
            push(&mut open, &mut current, inner, &tokens)?;
            continue;
        }
        if !colon {
            return Err(tokens.wrong("':'"));
        }
        if tokens.take("[")? {
            while !tokens.take("]")? {
                scalar(&mut current.bytes, field, &mut tokens)?;
                if !tokens.take(",")? {
                    tokens.expect("]")?;
                    break;
                }
            }
        } else {
            scalar(&mut current.bytes, field, &mut tokens)?;
        }
        tokens.separator()?;
    }
}

/// A message that is being read.
struct Open {
    message: &'static Message,
    bytes: Vec<u8>,
    /// Which field of the outer message it is.
    field: &'static Field,
    close: &'static str,
    /// Whether it stands in a list.
    listed: bool,
}

/// The field of what is in no other message.
static OUTERMOST: Field = Field { name: "", number: 0, kind: Kind::Bytes, label: Label::One };

fn push(open: &mut Vec<Open>, current: &mut Open, inner: Open, tokens: &Tokens) -> Result<()> {
    if open.len() + 1 >= DEEPEST {
        return Err(tokens.at(Error::resource_exhausted(format!("more than {DEEPEST} messages inside of each other"))));
    }
    open.push(std::mem::replace(current, inner));
    Ok(())
}

fn begin(field: &'static Field, listed: bool, tokens: &mut Tokens) -> Result<Open> {
    let close = if tokens.take("{")? {
        "}"
    } else if tokens.take("<")? {
        ">"
    } else {
        return Err(tokens.wrong("'{'"));
    };
    let message = field.kind.message().ok_or_else(|| tokens.wrong("a message"))?;
    Ok(Open { message, bytes: Vec::new(), field, close, listed })
}

fn field(token: &Token, message: &'static Message, tokens: &Tokens) -> Result<&'static Field> {
    message.by_name(token.text).filter(|_| token.kind == TokenKind::Word).ok_or_else(|| {
        let names: Vec<&str> = message.fields.iter().map(|field| field.name).collect();
        let found = if token.kind == TokenKind::End { "the end".to_owned() } else { format!("'{}'", token.text) };
        tokens.wrong_at(token, &format!("{found} stands where one of these should: {}", names.join(", ")))
    })
}

fn put_run(bytes: &mut Vec<u8>, field: &Field, run: &[u8]) {
    put_varint(bytes, u64::from(field.number << 3 | 2));
    put_varint(bytes, run.len() as u64);
    bytes.extend(run);
}

/// Reads one value of a field.
fn scalar(bytes: &mut Vec<u8>, field: &'static Field, tokens: &mut Tokens) -> Result<()> {
    if matches!(field.kind, Kind::String | Kind::Bytes) {
        let run = tokens.strings()?;
        if matches!(field.kind, Kind::String) && std::str::from_utf8(&run).is_err() {
            return Err(tokens.wrong("text in UTF-8"));
        }
        put_run(bytes, field, &run);
        return Ok(());
    }
    let negative = tokens.take("-")?;
    let token = tokens.next()?;
    let number = match field.kind {
        Kind::Bool => match token.text {
            "true" | "True" | "t" | "1" if !negative => Some(1),
            "false" | "False" | "f" | "0" if !negative => Some(0),
            _ => None,
        },
        Kind::Enum(names) => match names.iter().find(|(name, _)| *name == token.text && !negative) {
            Some((_, number)) => Some(i64::from(*number) as u64),
            None => integer(token.text, negative).map(|n| n as u64),
        },
        Kind::Int => integer(token.text, negative).map(|n| n as u64),
        Kind::Zigzag => integer(token.text, negative).map(|n| (n << 1 ^ n >> 63) as u64),
        Kind::Unsigned | Kind::Fixed64 if !negative => unsigned(token.text),
        Kind::Float => float(token.text, negative).map(|x| u64::from((x as f32).to_bits())),
        Kind::Double => float(token.text, negative).map(f64::to_bits),
        _ => None,
    };
    let number = number.ok_or_else(|| {
        let wanted = match field.kind {
            Kind::Bool => "true or false",
            Kind::Enum(_) => "one of its names or a number",
            Kind::Float | Kind::Double => "a number",
            _ => "a whole number",
        };
        tokens.wrong_at(&token, &format!("'{}' stands where {} should have {wanted}", token.text, field.name))
    })?;
    put_varint(bytes, u64::from(field.number << 3 | field.kind.wire()));
    match field.kind.wire() {
        1 => bytes.extend(number.to_le_bytes()),
        5 => bytes.extend((number as u32).to_le_bytes()),
        _ => put_varint(bytes, number),
    }
    Ok(())
}

fn unsigned(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u64::from_str_radix(text, 8).ok(),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => text.parse().ok(),
        None => None,
    }
}

fn integer(text: &str, negative: bool) -> Option<i64> {
    let magnitude = unsigned(text)?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

fn float(text: &str, negative: bool) -> Option<f64> {
    let x = match text.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        lower if lower.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            lower.strip_suffix('f').unwrap_or(lower).parse().ok()?
        }
        _ => return None,
    };
    Some(if negative { -x } else { x })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenKind {
    /// A name or a number.
    Word,
    /// A string in its quotes.
    String,
    Sign,
    End,
}

#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    kind: TokenKind,
    text: &'a str,
    start: usize,
}

struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Tokens { text: text.strip_prefix('\u{feff}').unwrap_or(text), at: 0 }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            if !self.text[self.at..].starts_with('#') {
                return;
            }
            self.at += self.text[self.at..].find('\n').unwrap_or(self.text.len() - self.at);
        }
    }

    fn peek(&mut self) -> Result<Token<'a>> {
        self.skip_blanks();
        let rest = &self.text[self.at..];
        let token = |kind, length: usize| Token { kind, text: &rest[..length], start: self.at };
        Ok(match rest.chars().next() {
            None => token(TokenKind::End, 0),
            Some(quote @ ('"' | '\'')) => {
                let mut escaped = false;
                let end = rest.char_indices().skip(1).find(|(_, c)| {
                    let ends = !escaped && (*c == quote || *c == '\n');
                    escaped = !escaped && *c == '\\';
                    ends
                });
                match end {
                    Some((end, c)) if c == quote => token(TokenKind::String, end + 1),
                    _ => return Err(self.wrong("the end of a string")),
                }
            }
            Some(c) if is_word(c) => {
                // An exponent has a sign.
                let number = c.is_ascii_digit() || c == '.';
                let mut last = ' ';
                let length = rest.find(|c: char| {
                    let goes_on = is_word(c) || (number && matches!(c, '+' | '-') && matches!(last, 'e' | 'E'));
                    last = c;
                    !goes_on
                });
                token(TokenKind::Word, length.unwrap_or(rest.len()))
            }
            Some(c) => token(TokenKind::Sign, c.len_utf8()),
        })
    }

    fn next(&mut self) -> Result<Token<'a>> {
        let token = self.peek()?;
        self.at += token.text.len();
        Ok(token)
    }

    /// Whether `sign` comes next; then it is taken.
    fn take(&mut self, sign: &str) -> Result<bool> {
        let token = self.peek()?;
        let found = token.kind == TokenKind::Sign && token.text == sign;
        if found {
            self.at += token.text.len();
        }
        Ok(found)
    }

    fn expect(&mut self, sign: &str) -> Result<()> {
        if self.take(sign)? { Ok(()) } else { Err(self.wrong(&format!("'{sign}'"))) }
    }

    /// What may stand after a field.
    fn separator(&mut self) -> Result<()> {
        let _ = self.take(";")? || self.take(",")?;
        Ok(())
    }

    /// One string or more, as one.
    fn strings(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut token = self.peek()?;
        if token.kind != TokenKind::String {
            return Err(self.wrong("a string in quotes"));
        }
        while token.kind == TokenKind::String {
            self.at += token.text.len();
            let inside = &token.text[1..token.text.len() - 1];
            unescape(inside, &mut bytes)
                .ok_or_else(|| self.wrong_at(&token, &format!("{} has an escape that is none", token.text)))?;
            token = self.peek()?;
        }
        Ok(bytes)
    }

    fn wrong(&self, wanted: &str) -> Error {
        let rest = self.text[self.at..].trim_start();
        let start = self.text.len() - rest.len();
        let rest: String = rest.chars().take(20).take_while(|c| *c != '\n').collect();
        let found = if rest.is_empty() { "the end".to_owned() } else { format!("'{rest}'") };
        place(self.text, start, Error::invalid_argument(format!("{wanted} should stand where {found} is")))
    }

    fn wrong_at(&self, token: &Token, what: &str) -> Error {
        place(self.text, token.start, Error::invalid_argument(what))
    }

    fn at(&self, error: Error) -> Error {
        place(self.text, self.at, error)
    }
}

/// The error with the line and the column of byte `at`.
fn place(text: &str, at: usize, error: Error) -> Error {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    error.retitled(&format!("line {line}, column {column}"))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.')
}

/// Appends what a string's inside stands for.
fn unescape(inside: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        bytes.extend(&rest.as_bytes()[..at]);
        rest = &rest[at + 1..];
        let letter = rest.chars().next()?;
        let plain = match letter {
            'n' => Some(b'\n'),
            'r' => Some(b'\r'),
            't' => Some(b'\t'),
            'a' => Some(7),
            'b' => Some(8),
            'f' => Some(12),
            'v' => Some(11),
            '\\' | '\'' | '"' | '?' => Some(letter as u8),
            _ => None,
        };
        let (taken, digits, radix) = match letter {
            _ if plain.is_some() => (1, "", 8),
            'x' | 'X' => {
                let length = rest[1..].chars().take(2).take_while(char::is_ascii_hexdigit).count();
                (1 + length, &rest[1..1 + length], 16)
            }
            'u' => (5, rest.get(1..5)?, 16),
            'U' => (9, rest.get(1..9)?, 16),
            _ => {
                let length = rest.chars().take(3).take_while(|c| ('0'..='7').contains(c)).count();
                (length, &rest[..length], 8)
            }
        };
        match plain {
            Some(byte) => bytes.push(byte),
            None => {
                let number = u32::from_str_radix(digits, radix).ok()?;
                if matches!(letter, 'u' | 'U') {
                    bytes.extend(char::from_u32(number)?.to_string().as_bytes());
                } else {
                    bytes.push(u8::try_from(number).ok()?);
                }
            }
        }
        rest = &rest[taken..];
    }
    bytes.extend(rest.as_bytes());
    Some(())
}
