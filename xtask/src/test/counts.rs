//! How many checks passed and failed, from what each runner says.

use std::ops::AddAssign;

use serde_json::Value;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// A check that has no parts.
    pub fn one(ok: bool) -> Self {
        Self { passed: u64::from(ok), failed: u64::from(!ok) }
    }

    /// What a runner counted, if that fits how it ended: a runner that failed has at least one
    /// failure, and one that ran nothing has checked nothing.
    pub fn of_runner(counted: Option<Self>, ok: bool) -> Self {
        let mut tally = counted.unwrap_or_default();
        if tally.failed == 0 && (!ok || tally.passed == 0) {
            tally.failed = 1;
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// `Summary [   0.5s] 12 tests run: 10 passed (1 slow), 1 failed, 1 timed out, 3 skipped`
pub fn nextest(log: &str) -> Option<Tally> {
    let (_, counts) =
        log.lines().rev().find_map(|line| line.trim().strip_prefix("Summary")?.split_once(':'))?;
    let mut tally = Tally::default();
    for part in counts.split(',') {
        let words: Vec<&str> = part.split_whitespace().collect();
        let [number, kind, ..] = words[..] else {
            continue;
        };
        let Ok(number) = number.parse::<u64>() else {
            continue;
        };
        match kind {
            "passed" => tally.passed += number,
            "skipped" => {}
            // failed, timed out, exec failed
            _ => tally.failed += number,
        }
    }
    Some(tally)
}

/// All the `test result: ok. 5 passed; 0 failed; 1 ignored; …` of a `cargo test`.
pub fn cargo_test(log: &str) -> Option<Tally> {
    let mut sum = None;
    for line in log.lines() {
        let Some(counts) = line.trim().strip_prefix("test result:") else {
            continue;
        };
        let number = |kind: &str| {
            counts
                .split([';', '.'])
                .find_map(|part| part.trim().strip_suffix(kind)?.trim().parse::<u64>().ok())
                .unwrap_or_default()
        };
        *sum.get_or_insert(Tally::default()) += Tally { passed: number("passed"), failed: number("failed") };
    }
    sum
}

/// `Ran 5 test suites in 1.3s (2.0s CPU time): 44 tests passed, 0 failed, 0 skipped (44 total tests)`
pub fn forge(log: &str) -> Option<Tally> {
    let line = log.lines().rev().find(|line| line.contains(" total tests)"))?;
    let (_, counts) = line.split_once("): ").or_else(|| line.split_once(": "))?;
    let number = |kind: &str| {
        counts.split([',', '(']).find_map(|part| part.trim().strip_suffix(kind)?.trim().parse::<u64>().ok())
    };
    Some(Tally { passed: number("tests passed")?, failed: number("failed")? })
}

/// The statistics of Playwright's JSON reporter. A flaky test passed only when tried again:
/// that is a failure here.
pub fn playwright(report: &str) -> Option<Tally> {
    let report: Value = serde_json::from_str(report).ok()?;
    let number = |kind: &str| report["stats"][kind].as_u64();
    let errors = report["errors"].as_array().map_or(0, |errors| errors.len() as u64);
    Some(Tally { passed: number("expected")?, failed: number("unexpected")? + number("flaky")? + errors })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64) -> Option<Tally> {
        Some(Tally { passed, failed })
    }

    #[test]
    fn reads_nextests_summary() {
        let all = "     PASS [   0.005s] academy a\n------------\n     Summary [   0.512s] 12 tests run: 12 passed, 3 skipped\n";
        assert_eq!(nextest(all), tally(12, 0));
        let some = "     Summary [  10.1s] 12 tests run: 9 passed (2 slow), 2 failed, 1 timed out, 0 skipped\n        FAIL a b\nerror: test run failed";
        assert_eq!(nextest(some), tally(9, 3));
        assert_eq!(nextest("error: could not compile `academy`"), None);
    }

    #[test]
    fn sums_the_results_of_cargo_test() {
        let log = "test a ... ok\ntest result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
                   test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(cargo_test(log), tally(7, 3));
        assert_eq!(cargo_test("error: no"), None);
    }

    #[test]
    fn reads_forges_last_line() {
        let log = "Suite result: ok. 4 passed; 0 failed; 0 skipped; finished in 1ms\n\
                   Ran 5 test suites in 1.30s (2.00s CPU time): 44 tests passed, 2 failed, 1 skipped (47 total tests)";
        assert_eq!(forge(log), tally(44, 2));
        assert_eq!(forge("Compiler run failed"), None);
    }

    #[test]
    fn a_flaky_journey_failed() {
        let report = r#"{"errors": [], "stats": {"expected": 8, "unexpected": 1, "flaky": 1, "skipped": 2}}"#;
        assert_eq!(playwright(report), tally(8, 2));
        assert_eq!(playwright(""), None);
    }

    #[test]
    fn a_runner_that_ran_nothing_failed() {
        assert_eq!(Tally::of_runner(None, true), Tally { passed: 0, failed: 1 });
        assert_eq!(Tally::of_runner(tally(0, 0), true), Tally { passed: 0, failed: 1 });
        assert_eq!(Tally::of_runner(tally(3, 0), false), Tally { passed: 3, failed: 1 });
        assert_eq!(Tally::of_runner(tally(3, 2), false), Tally { passed: 3, failed: 2 });
        assert_eq!(Tally::of_runner(tally(3, 0), true), Tally { passed: 3, failed: 0 });
    }
}
