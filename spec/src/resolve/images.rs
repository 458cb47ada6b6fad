//! How a picture becomes an input.

use super::{Frame, Resolver};
use crate::diagnostics::{Code, Diagnostic};
use crate::ops::arguments::alternatives;
use crate::program::{Fit, Preprocessing};
use crate::size::Shape;
use crate::source::Spanned;
use crate::syntax::ast::Argument;
use crate::value::Value;

impl Resolver<'_> {
    /// `image(color = rgb, scale = 1/255, mean = […], std = […], fit = cover)`.
    pub(super) fn preprocessing(
        &mut self,
        image: &Spanned<Vec<Argument>>,
        axes: &Shape,
        frame: &mut Frame,
    ) -> Option<Preprocessing> {
        let channels = axes[1].as_constant().unwrap_or(0) as usize;
        if axes.len() != 4 || !matches!(channels, 1 | 3) {
            let message =
                format!("a picture has 1 or 3 channels and two sizes, this input is {}", self.shape_text(axes));
            self.error(Code::OperatorShape, image.span, message);
            return None;
        }
        let mut result = Preprocessing {
            bgr: false,
            scale: 1.0 / 255.0,
            mean: vec![0.0; channels],
            std: vec![1.0; channels],
            fit: Fit::Cover,
        };
        for argument in &image.node {
            let value = self.evaluate(&argument.value, frame);
            let name = argument.name.as_ref().map_or("", |name| name.node.as_str());
            let word = match &value {
                Value::Word(word) | Value::Choice(word, _) => word.as_str(),
                Value::Poison => continue,
                _ => "",
            };
            let numbers = match &value {
                Value::List(items) => items.iter().map(Value::as_number).collect::<Option<Vec<f64>>>(),
                _ => None,
            };
            let numbers: Option<Vec<f32>> = numbers
                .filter(|numbers| numbers.len() == channels)
                .map(|numbers| numbers.into_iter().map(|x| x as f32).collect());
            let expected = match (name, word, numbers) {
                ("color", "rgb" | "gray", _) => continue,
                ("color", "bgr", _) => {
                    result.bgr = true;
                    continue;
                }
                ("fit", "stretch" | "cover" | "pad", _) => {
                    result.fit = match word {
                        "stretch" => Fit::Stretch,
                        "cover" => Fit::Cover,
                        _ => Fit::Pad,
                    };
                    continue;
                }
                ("scale", ..) if value.as_number().is_some() => {
                    result.scale = value.as_number().unwrap_or(1.0) as f32;
                    continue;
                }
                ("mean", _, Some(numbers)) => {
                    result.mean = numbers;
                    continue;
                }
                ("std", _, Some(numbers)) if numbers.iter().all(|&x| x > 0.0) => {
                    result.std = numbers;
                    continue;
                }
                ("color", ..) => "`rgb`, `bgr` or `gray`".to_owned(),
                ("fit", ..) => "`stretch`, `cover` or `pad`".to_owned(),
                ("scale", ..) => "a number".to_owned(),
                ("mean" | "std", ..) => format!("a list of {channels} numbers, a deviation above 0"),
                _ => {
                    let known = ["color", "scale", "mean", "std", "fit"];
                    let message = format!("`image` has no argument `{name}`");
                    let diagnostic = Diagnostic::error(Code::UnknownArgument, argument.value.span, message);
                    self.report(diagnostic.near(name, known).note(format!("it has {}", alternatives(&known))));
                    continue;
                }
            };
            let message = format!("`{name}` of `image` is {} `{value}`, expected {expected}", value.kind());
            let code = if matches!(name, "color" | "fit") { Code::WrongChoice } else { Code::WrongType };
            self.error(code, argument.value.span, message);
        }
        Some(result)
    }
}
