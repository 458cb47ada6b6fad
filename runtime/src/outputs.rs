//! The named arrays that a run gives.

use ndarray::{ArrayD, ArrayViewMutD};
use neckar_spec::diagnostics::nearest;

use crate::Error;

/// Arrays by name, in the order of the program.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs(Vec<(String, ArrayD<f32>)>);

impl Outputs {
    pub(crate) fn new(arrays: Vec<(String, ArrayD<f32>)>) -> Outputs {
        Outputs(arrays)
    }

    /// The array of a name.
    pub fn get(&self, name: &str) -> Option<&ArrayD<f32>> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, array)| array)
    }

    /// Takes the array of a name out.
    pub fn remove(&mut self, name: &str) -> Option<ArrayD<f32>> {
        let at = self.0.iter().position(|(own, _)| own == name)?;
        Some(self.0.remove(at).1)
    }

    /// The names and arrays in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &ArrayD<f32>)> {
        self.0.iter().map(|(name, array)| (name.as_str(), array))
    }

    /// The arrays in order, to be written.
    pub fn views_mut(&mut self) -> Vec<ArrayViewMutD<'_, f32>> {
        self.0.iter_mut().map(|(_, array)| array.view_mut()).collect()
    }

    /// How many arrays.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Outputs {
    type Item = (String, ArrayD<f32>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The indices of wanted names, in the order of all names. A name also stands for the members `name.…` of a list.
pub(crate) fn select(names: &[&str], wanted: &[&str]) -> Result<Vec<usize>, Error> {
    let is = |name: &str, wanted: &str| {
        name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    for wanted in wanted {
        if !names.iter().any(|name| is(name, wanted)) {
            let hint = match nearest(wanted, names.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the outputs are {}", names.join(", ")),
            };
            return Err(Error::Output(format!("there is no output `{wanted}`; {hint}")));
        }
    }
    Ok((0..names.len()).filter(|&i| wanted.iter().any(|wanted| is(names[i], wanted))).collect())
}
