//! Texts as numbers. Keras: `keras.preprocessing.text`.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use ndarray::Array2;

use crate::error::{Error, Result};
use crate::sort::sort_by;

/// What Keras takes out of texts.
const FILTERS: &str = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n";

/// The words of `text` in small letters, without punctuation. Keras: `text_to_word_sequence(text)`.
///
/// ```
/// use flowstone::keras::preprocessing::text::text_to_word_sequence;
/// assert_eq!(text_to_word_sequence("Is it? It's."), ["is", "it", "it's"]);
/// ```
pub fn text_to_word_sequence(text: &str) -> Vec<String> {
    words(text, FILTERS, true, " ")
}

fn words(text: &str, filters: &str, lower: bool, split: &str) -> Vec<String> {
    let text = if lower { text.to_lowercase() } else { text.to_owned() };
    let mut spaced = String::with_capacity(text.len());
    for c in text.chars() {
        if filters.contains(c) { spaced.push_str(split) } else { spaced.push(c) }
    }
    spaced.split(split).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Gives words numbers, from 1 for the most frequent. Keras: `Tokenizer`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokenizer {
    args: TokenizerArgs,
    document_count: usize,
    word_counts: IndexMap<String, usize>,
    word_docs: IndexMap<String, usize>,
    word_index: IndexMap<String, i32>,
    index_word: HashMap<i32, String>,
    index_docs: HashMap<i32, usize>,
}

/// A tokenizer that knows no words yet. Keras: `Tokenizer()`.
///
/// Keyword arguments: `num_words`, only the words with smaller numbers count (all if not said); `filters`, the characters
/// that are taken out; `lower` (true); `split`, what is between words (a space); `char_level`, whether each character is a
/// word (false); `oov_token`, a word that stands for unknown ones and has the number 1.
///
/// ```
/// use flowstone as tf;
/// use tf::keras::preprocessing::text::Tokenizer;
/// let mut tokenizer = Tokenizer();
/// tokenizer.fit_on_texts(["The cat sat.", "The dog sat, the cat ran."]);
/// assert_eq!(tokenizer.texts_to_sequences(["the dog and the cat"]), [[1, 4, 1, 2]]);
/// let mut tokenizer = tf::Tokenizer!(num_words = 3, oov_token = "?");
/// tokenizer.fit_on_texts(["the cat sat", "the dog"]);
/// assert_eq!(tokenizer.texts_to_sequences(["the dog"]), [[2, 1]]);
/// ```
#[allow(non_snake_case)]
pub fn Tokenizer() -> Tokenizer {
    TokenizerArgs::new().build()
}

/// The keyword arguments of [`Tokenizer`](fn@Tokenizer).
#[derive(Clone, Debug, PartialEq)]
#[must_use = "nothing is made until `build` is called"]
pub struct TokenizerArgs {
    num_words: Option<i32>,
    filters: String,
    lower: bool,
    split: String,
    char_level: bool,
    oov_token: Option<String>,
}

impl Default for TokenizerArgs {
    fn default() -> Self {
        TokenizerArgs::new()
    }
}

impl TokenizerArgs {
    /// Keras's.
    pub fn new() -> Self {
        TokenizerArgs {
            num_words: None,
            filters: FILTERS.to_owned(),
            lower: true,
            split: " ".to_owned(),
            char_level: false,
            oov_token: None,
        }
    }

    /// Only words with smaller numbers count; 0 is as if nothing was said.
    pub fn num_words(mut self, count: impl Into<Option<i32>>) -> Self {
        self.num_words = count.into().filter(|&count| count != 0);
        self
    }

    /// The characters that are taken out.
    pub fn filters(mut self, filters: &str) -> Self {
        filters.clone_into(&mut self.filters);
        self
    }

    /// Whether letters become small; true if not said.
    pub fn lower(mut self, lower: bool) -> Self {
        self.lower = lower;
        self
    }

    /// What is between words; a space if not said.
    pub fn split(mut self, split: &str) -> Self {
        split.clone_into(&mut self.split);
        self
    }

    /// Whether each character is a word; false if not said.
    pub fn char_level(mut self, char_level: bool) -> Self {
        self.char_level = char_level;
        self
    }

    /// The word that stands for unknown ones.
    pub fn oov_token<'a>(mut self, token: impl Into<Option<&'a str>>) -> Self {
        self.oov_token = token.into().map(str::to_owned);
        self
    }

    /// Makes the tokenizer.
    pub fn build(self) -> Tokenizer {
        Tokenizer {
            args: self,
            document_count: 0,
            word_counts: IndexMap::new(),
            word_docs: IndexMap::new(),
            word_index: IndexMap::new(),
            index_word: HashMap::new(),
            index_docs: HashMap::new(),
        }
    }
}

impl Tokenizer {
    /// How often each word occurred, in the order of their first occurrence. Keras: `tokenizer.word_counts`.
    pub fn word_counts(&self) -> &IndexMap<String, usize> {
        &self.word_counts
    }

    /// In how many texts each word occurred. Keras: `tokenizer.word_docs`.
    pub fn word_docs(&self) -> &IndexMap<String, usize> {
        &self.word_docs
    }

    /// The number of each word, the most frequent first. Keras: `tokenizer.word_index`.
    pub fn word_index(&self) -> &IndexMap<String, i32> {
        &self.word_index
    }

    /// The word of each number. Keras: `tokenizer.index_word`.
    pub fn index_word(&self) -> &HashMap<i32, String> {
        &self.index_word
    }

    /// How many texts there were. Keras: `tokenizer.document_count`.
    pub fn document_count(&self) -> usize {
        self.document_count
    }

    fn words(&self, text: &str) -> Vec<String> {
        let args = &self.args;
        match (args.char_level, args.lower) {
            (false, lower) => words(text, &args.filters, lower, &args.split),
            (true, true) => text.to_lowercase().chars().map(String::from).collect(),
            (true, false) => text.chars().map(String::from).collect(),
        }
    }

    /// Learns the words of `texts`, besides those it knows. Keras: `tokenizer.fit_on_texts(texts)`.
    pub fn fit_on_texts<S: AsRef<str>>(&mut self, texts: impl IntoIterator<Item = S>) {
        for text in texts {
            self.document_count += 1;
            let mut seen = HashSet::new();
            for word in self.words(text.as_ref()) {
                if seen.insert(word.clone()) {
                    *self.word_docs.entry(word.clone()).or_default() += 1;
                }
                *self.word_counts.entry(word).or_default() += 1;
            }
        }
        let mut counts: Vec<(&String, usize)> = self.word_counts.iter().map(|(word, &count)| (word, count)).collect();
        sort_by(&mut counts, |(_, a), (_, b)| b.cmp(a));
        let words = self.args.oov_token.iter().chain(counts.into_iter().map(|(word, _)| word)).cloned();
        self.word_index = words.zip(1..).collect();
        self.index_word = self.word_index.iter().map(|(word, &index)| (index, word.clone())).collect();
        for (word, &count) in &self.word_docs {
            if let Some(&index) = self.word_index.get(word) {
                self.index_docs.insert(index, count);
            }
        }
    }

    /// Learns in how many of `sequences` each number occurs. Keras: `tokenizer.fit_on_sequences(sequences)`.
    pub fn fit_on_sequences<S: AsRef<[i32]>>(&mut self, sequences: impl IntoIterator<Item = S>) {
        for sequence in sequences {
            self.document_count += 1;
            for index in sequence.as_ref().iter().copied().collect::<HashSet<i32>>() {
                *self.index_docs.entry(index).or_default() += 1;
            }
        }
    }

    /// The number of the word that stands for unknown ones.
    fn unknown(&self) -> Option<i32> {
        self.word_index.get(self.args.oov_token.as_ref()?).copied()
    }

    fn counts(&self, index: i32) -> bool {
        self.args.num_words.is_none_or(|count| index < count)
    }

    /// The numbers of the words of each text; unknown words are left out, or stand as `oov_token`.
    /// Keras: `tokenizer.texts_to_sequences(texts)`.
    pub fn texts_to_sequences<S: AsRef<str>>(&self, texts: impl IntoIterator<Item = S>) -> Vec<Vec<i32>> {
        let index = |word: String| self.word_index.get(&word).copied().filter(|&i| self.counts(i)).or(self.unknown());
        texts.into_iter().map(|text| self.words(text.as_ref()).into_iter().filter_map(index).collect()).collect()
    }

    /// The words of the numbers of each sequence, with spaces. Keras: `tokenizer.sequences_to_texts(sequences)`.
    pub fn sequences_to_texts<S: AsRef<[i32]>>(&self, sequences: impl IntoIterator<Item = S>) -> Vec<String> {
        let unknown = self.unknown().and_then(|index| self.index_word.get(&index));
        let word = |index: &i32| self.index_word.get(index).filter(|_| self.counts(*index)).or(unknown);
        let text =
            |sequence: S| sequence.as_ref().iter().filter_map(word).map(String::as_str).collect::<Vec<_>>().join(" ");
        sequences.into_iter().map(text).collect()
    }

    /// A row for each text with a number for each word. Keras: `tokenizer.texts_to_matrix(texts, mode)`.
    ///
    /// `mode` is `"binary"`: 1 for what occurs; `"count"`: how often; `"freq"`: as a share of the text; `"tfidf"`: more for
    /// words that are in few texts. An error for another mode, before the tokenizer knows words, unless `num_words` is said,
    /// and for `"tfidf"` before it knows texts.
    pub fn texts_to_matrix<S: AsRef<str>>(
        &self,
        texts: impl IntoIterator<Item = S>,
        mode: &str,
    ) -> Result<Array2<f64>> {
        self.sequences_to_matrix(self.texts_to_sequences(texts), mode)
    }

    /// As [`texts_to_matrix`](Tokenizer::texts_to_matrix) of sequences. Keras: `tokenizer.sequences_to_matrix(sequences, mode)`.
    pub fn sequences_to_matrix<S: AsRef<[i32]>>(
        &self,
        sequences: impl IntoIterator<Item = S>,
        mode: &str,
    ) -> Result<Array2<f64>> {
        let columns = match self.args.num_words {
            Some(count) => usize::try_from(count).map_err(|_| Error::invalid_argument(format!("{count} words")))?,
            None if self.word_index.is_empty() => {
                return Err(Error::failed_precondition("no words are known: say num_words, or fit_on_texts first"));
            }
            None => self.word_index.len() + 1,
        };
        if !["binary", "count", "freq", "tfidf"].contains(&mode) {
            return Err(Error::invalid_argument(format!("mode '{mode}': binary, count, freq or tfidf")));
        }
        if mode == "tfidf" && self.document_count == 0 {
            return Err(Error::failed_precondition("tfidf needs texts: fit_on_texts first"));
        }
        let sequences: Vec<S> = sequences.into_iter().collect();
        let size = sequences.len().checked_mul(columns);
        crate::value::room_for::<f64>(size.ok_or_else(|| Error::resource_exhausted("a matrix of texts"))?)?;
        let mut matrix = Array2::zeros((sequences.len(), columns));
        for (mut row, sequence) in matrix.rows_mut().into_iter().zip(&sequences) {
            let sequence = sequence.as_ref();
            let mut counts: HashMap<usize, f64> = HashMap::new();
            for &index in sequence {
                let place = usize::try_from(index).map_err(|_| Error::invalid_argument(format!("a word {index}")))?;
                *counts.entry(place).or_default() += 1.0;
            }
            for (place, count) in counts.into_iter().filter(|(place, _)| *place < columns) {
                row[place] = match mode {
                    "count" => count,
                    "freq" => count / sequence.len() as f64,
                    "binary" => 1.0,
                    _ => {
                        let texts = self.index_docs.get(&(place as i32)).copied().unwrap_or(0) as f64;
                        (1.0 + count.ln()) * (1.0 + self.document_count as f64 / (1.0 + texts)).ln()
                    }
                };
            }
        }
        Ok(matrix)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ndarray::array;

    const TEXTS: [&str; 3] = ["The cat (the black one) sat.", "A dog sat; the dog-house?", "Él se SENTÓ\tun día\nit's"];

    fn fitted(args: TokenizerArgs) -> Tokenizer {
        let mut tokenizer = args.build();
        tokenizer.fit_on_texts(TEXTS);
        tokenizer
    }

    /// The numbers are those that Keras 2.19 gives.
    #[test]
    fn words_have_keras_numbers() {
        let tokenizer = fitted(TokenizerArgs::new());
        let words: Vec<&str> = tokenizer.word_index().keys().map(String::as_str).collect();
        let known = "the sat dog cat black one a house él se sentó un día it's";
        assert_eq!(words.join(" "), known);
        assert_eq!(
            (tokenizer.word_counts()["the"], tokenizer.word_docs()["the"], tokenizer.document_count()),
            (3, 2, 3)
        );
        assert_eq!(tokenizer.texts_to_sequences(["the dog and a cat", ""]), [vec![1, 3, 7, 4], vec![]]);
        assert_eq!(tokenizer.sequences_to_texts([[1, 3, 99]]), ["the dog"]);
        let tokenizer = fitted(TokenizerArgs::new().num_words(4).oov_token("<?>"));
        assert_eq!(tokenizer.texts_to_sequences(["the dog and a sat"]), [[2, 1, 1, 1, 3]]);
        assert_eq!(tokenizer.sequences_to_texts([[2, 5, 77]]), ["the <?> <?>"]);
        let tokenizer = fitted(TokenizerArgs::new().lower(false).filters("").split("a"));
        assert_eq!(tokenizer.word_index().get_index(0), Some((&"The c".to_owned(), &1)));
        let tokenizer = fitted(TokenizerArgs::new().char_level(true));
        assert_eq!(tokenizer.texts_to_sequences(["Te x"]), [[2, 3, 1]]);
    }

    #[test]
    fn matrices_are_keras() {
        let tokenizer = fitted(TokenizerArgs::new().num_words(4));
        let row = |mode: &str| tokenizer.texts_to_matrix(["the the dog a"], mode).unwrap();
        assert_eq!(row("binary"), array![[0.0, 1.0, 0.0, 1.0]]);
        assert_eq!(row("count"), array![[0.0, 2.0, 0.0, 1.0]]);
        assert_eq!(row("freq"), array![[0.0, 2.0 / 3.0, 0.0, 1.0 / 3.0]]);
        let tfidf = row("tfidf");
        assert!(
            (tfidf[[0, 1]] - 1.173_600_194_5).abs() < 1e-9 && (tfidf[[0, 3]] - 0.916_290_731_9).abs() < 1e-9,
            "{tfidf}"
        );
        assert!(
            tokenizer.texts_to_matrix(["a"], "other").is_err() && Tokenizer().texts_to_matrix(["a"], "count").is_err()
        );
        assert!(TokenizerArgs::new().num_words(3).build().texts_to_matrix(["a"], "tfidf").is_err());
    }
}
