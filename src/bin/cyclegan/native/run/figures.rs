//! Scores as text: for people, for programs, and as rows of `scores.csv`.

use cyclegan_web::train::scores::{Scores, Verdict};
use serde_json::{Value, json};

/// The columns of `scores.csv`.
pub const COLUMNS: &str = "step,round_trip_A,round_trip_B,taken_for_B,taken_for_A,trust_B,trust_A,\
                       classifier_on_real_photos,trust_real,grid_A,grid_B,merit,best";

/// Scores at one point in the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// Completed steps.
    pub step: u64,
    /// The generators' scores.
    pub scores: Scores,
    /// Whether they are the best so far.
    pub best: bool,
}

/// The scores, for people.
pub fn table(scores: &Scores) -> String {
    let Scores { round_trip_a, round_trip_b, ceiling, taken_for_b, taken_for_a, .. } = scores;
    let Scores { grid_a, grid_b, .. } = scores;
    let percent = |verdict: &Verdict| format!("{:.0} %", 100.0 * verdict.share);
    let (to_b, to_a, real) = (percent(taken_for_b), percent(taken_for_a), percent(ceiling));
    format!(
        "held-out photos                        from A   from B\n\
         round trip, mean error (0 to 2)    {round_trip_a:>10.4}{round_trip_b:>9.4}\n\
         translations taken for the target  {to_b:>10}{to_a:>9}\n\
         grid of 4 pixels (photos: 1)       {grid_a:>10.2}{grid_b:>9.2}\n\
         real photos that the classifier tells right: {real}\n\
         merit, of all these (0 to 1): {:.3}\n",
        scores.merit()
    )
}

/// Several scores side by side, for people.
pub fn compared(columns: &[(&str, &Scored)]) -> String {
    let line = |what: &str, of: &dyn Fn(&Scored) -> String| {
        let figures = columns.iter().map(|(_, one)| format!("{:>11}", of(one)));
        format!("{what:38}{}\n", figures.collect::<String>())
    };
    let names = columns.iter().map(|(name, _)| format!("{name:>11}")).collect::<String>();
    let percent = |verdict: Verdict| format!("{:.0} %", 100.0 * verdict.share);
    [
        format!("{:38}{names}\n", "held-out photos"),
        line("behind step", &|one| one.step.to_string()),
        line("round trip from A, mean error (0 to 2)", &|one| {
            format!("{:.4}", one.scores.round_trip_a)
        }),
        line("           from B", &|one| format!("{:.4}", one.scores.round_trip_b)),
        line("translations of A taken for B", &|one| percent(one.scores.taken_for_b)),
        line("translations of B taken for A", &|one| percent(one.scores.taken_for_a)),
        line("grid of 4 pixels from A (photos: 1)", &|one| format!("{:.2}", one.scores.grid_a)),
        line("                 from B", &|one| format!("{:.2}", one.scores.grid_b)),
        line("real photos told right", &|one| percent(one.scores.ceiling)),
        line("merit, of all these (0 to 1)", &|one| format!("{:.3}", one.scores.merit())),
    ]
    .concat()
}

/// The scores, for programs.
pub fn to_json(scores: &Scores) -> Value {
    json!({
        "round_trip_A": scores.round_trip_a,
        "round_trip_B": scores.round_trip_b,
        "taken_for_B": scores.taken_for_b.share,
        "taken_for_A": scores.taken_for_a.share,
        "trust_B": scores.taken_for_b.trust,
        "trust_A": scores.taken_for_a.trust,
        "grid_A": scores.grid_a,
        "grid_B": scores.grid_b,
        "classifier_on_real_photos": scores.ceiling.share,
        "trust_real": scores.ceiling.trust,
        "merit": scores.merit(),
    })
}

impl Scored {
    /// The scores as a row of `scores.csv`.
    pub fn row(&self) -> String {
        let Self { step, scores, best } = self;
        let Scores { round_trip_a, round_trip_b, ceiling, taken_for_b, taken_for_a, .. } = scores;
        let Scores { grid_a, grid_b, .. } = scores;
        format!(
            "{step},{round_trip_a},{round_trip_b},{},{},{},{},{},{},{grid_a},{grid_b},{},{}\n",
            taken_for_b.share,
            taken_for_a.share,
            taken_for_b.trust,
            taken_for_a.trust,
            ceiling.share,
            ceiling.trust,
            scores.merit(),
            u8::from(*best),
        )
    }

    /// `None` for other rows: the heading, or one that was cut off.
    pub fn parse(row: &str) -> Option<Self> {
        let (step, rest) = row.split_once(',')?;
        let numbers: Vec<f32> =
            rest.split(',').map(str::parse).collect::<std::result::Result<_, _>>().ok()?;
        let [trip_a, trip_b, for_b, for_a, trust_b, trust_a, real, trust, grid_a, grid_b, _, best] =
            numbers.try_into().ok()?;
        let scores = Scores {
            round_trip_a: trip_a,
            round_trip_b: trip_b,
            ceiling: Verdict { share: real, trust },
            taken_for_b: Verdict { share: for_b, trust: trust_b },
            taken_for_a: Verdict { share: for_a, trust: trust_a },
            grid_a,
            grid_b,
        };
        Some(Self { step: step.parse().ok()?, scores, best: best == 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written_and_one_that_was_cut_off_is_none() {
        let verdict = |share, trust| Verdict { share, trust };
        let scores = Scores {
            round_trip_a: 0.125,
            round_trip_b: 0.1,
            ceiling: verdict(0.95, 0.9),
            taken_for_b: verdict(0.5, 0.45),
            taken_for_a: verdict(0.25, 0.3),
            grid_a: 1.7,
            grid_b: 2.3,
        };
        let scored = Scored { step: 400, scores, best: true };
        let row = scored.row();
        assert_eq!(Scored::parse(row.trim_end()), Some(scored));
        assert_eq!(COLUMNS.split(',').count(), row.split(',').count());
        assert_eq!(Scored::parse(COLUMNS), None);
        assert_eq!(Scored::parse("400,0.125,0.1"), None);
    }
}
