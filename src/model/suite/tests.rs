use super::*;

#[track_caller]
fn read(output: &str) -> (String, [u64; 4], Vec<(String, String)>) {
    let suite = Suite::of_output(output).expect("a summary");
    let failing = suite.failing.iter().map(|one| (one.name.clone(), one.why.clone())).collect();
    (suite.read_from, [suite.total, suite.passed, suite.failed, suite.skipped], failing)
}

fn names(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, why)| ((*name).to_owned(), (*why).to_owned())).collect()
}

const JUNIT: &str = r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1"
failures="1" skipped="1" tests="4"><testcase classname="test_a" name="test_ok" time="0.000" /><testcase classname="test_a"
name="test_bad"><failure message="AssertionError: 1 &lt; 2&#10;assert">text</failure></testcase><testcase classname="test_a"
name="test_later"><skipped type="pytest.skip" message="later">why</skipped></testcase><testcase classname="test_a"
name="test_err"><error><![CDATA[no <database>
at all]]></error></testcase></testsuite></testsuites>"#;

#[test]
fn junit_xml_with_what_others_print_around_it() {
    let failing = names(&[("test_a::test_bad", "AssertionError: 1 < 2"), ("test_a::test_err", "no <database>")]);
    let (from, numbers, found) = read(&format!("building...\n{JUNIT}\ndone\n"));
    assert_eq!((from.as_str(), numbers, found), ("JUnit XML", [4, 1, 2, 1], failing));
    let two = Suite::of_files([JUNIT, "<html/>", "<testsuite><testcase name='x'/></testsuite>"]).unwrap();
    assert_eq!([two.total, two.passed, two.failed, two.skipped], [5, 2, 2, 1]);
    assert_eq!(two.read_from, "JUnit XML");
    // Node's test runner has no suite around its cases.
    let node = "<testsuites>\n<testcase name=\"bad &amp; worse\" classname=\"test\" failure=\"1\">\n\
                <failure type=\"t\" message=\"1 == 2\">\n[Error]</failure></testcase></testsuites>";
    assert_eq!(read(node).2, names(&[("test::bad & worse", "1 == 2")]));
}

#[test]
fn pytest_with_colours_quiet_or_loud() {
    let quiet = "\u{1b}[31mFAILED\u{1b}[0m test_a.py::\u{1b}[1mtest_bad\u{1b}[0m - AssertionError: one is not two\n\
                 \u{1b}[31mERROR\u{1b}[0m test_a.py::\u{1b}[1mtest_err\u{1b}[0m - RuntimeError: no database\n\
                 \u{1b}[31m\u{1b}[31m\u{1b}[1m1 failed\u{1b}[0m, \u{1b}[32m1 passed\u{1b}[0m, \u{1b}[33m1 skipped\u{1b}[0m, \
                 \u{1b}[31m\u{1b}[1m1 error\u{1b}[0m\u{1b}[31m in 0.21s\u{1b}[0m\u{1b}[0m\n";
    let failing = [
        ("test_a.py::test_bad", "AssertionError: one is not two"),
        ("test_a.py::test_err", "RuntimeError: no database"),
    ];
    assert_eq!(read(quiet), ("pytest".to_owned(), [4, 1, 2, 1], names(&failing)));
    // pytest 9, with subtests and parameters.
    let nine = "SUBFAILED[n] (i=1) test_s.py::test_sub - AssertionError: one\n\
                FAILED test_s.py::test_sub - contains 1 failed subtest\n\
                SUBFAILED(i=1) test_s.py::T::test_u - AssertionError: 1 != 0\n\
                FAILED test_s.py::test_p[x y - z] - AssertionError: assert 'x y - z' == 'no\\n...\n\
                FAILED test_s.py::test_xf - [XPASS(strict)] \n\
                8 failed, 3 passed, 5 subtests passed in 0.03s\n";
    let (_, numbers, failing) = read(nine);
    let found: Vec<&str> = failing.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(numbers, [11, 3, 8, 0]);
    assert_eq!(
        found,
        ["test_s.py::T::test_u", "test_s.py::test_p[x y - z]", "test_s.py::test_sub", "test_s.py::test_xf"]
    );
    let loud = "===== 120 passed, 3 deselected, 2 warnings in 61.02s (0:01:01) =====\n";
    assert_eq!(read(loud), ("pytest".to_owned(), [120, 120, 0, 0], vec![]));
    assert_eq!(read("no tests ran in 0.01s").1, [0, 0, 0, 0]);
}

#[test]
fn cargo_test_over_several_binaries() {
    let output = "\
running 3 tests
test tests::bad ... FAILED
test tests::later ... ignored
test tests::ok ... ok

failures:

---- tests::bad stdout ----

thread 'tests::bad' (14016) panicked at src/lib.rs:3:21:
assertion `left == right` failed: one is not two
  left: 1

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.35s

test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.00s
";
    let failing = names(&[("tests::bad", "assertion `left == right` failed: one is not two")]);
    assert_eq!(read(output), ("cargo test".to_owned(), [10, 8, 1, 1], failing.clone()));
    // Quiet, names stand only in the list at the end.
    let quiet =
        output.replace("test tests::bad ... FAILED\ntest tests::later ... ignored\ntest tests::ok ... ok", "F.");
    let quiet = quiet.replace("\ntest result: FAILED", "\n\nfailures:\n    tests::bad\n\ntest result: FAILED");
    assert_eq!(read(&quiet), ("cargo test".to_owned(), [10, 8, 1, 1], failing));
}

#[test]
fn nextest_with_what_it_shows_of_cargo() {
    let output = "
        PASS [   0.051s] (2/3) ct tests::ok
        FAIL [   0.316s] (3/3) ct tests::gone
  stdout ───

    running 1 test
    test tests::gone ... FAILED

    test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.31s

  stderr ───

    thread 'tests::gone' (5917) panicked at src/lib.rs:5:22:
    it is gone

────────────
     Summary [   0.317s] 4 tests run: 1 passed (1 slow), 2 failed, 1 timed out, 1 skipped
        FAIL [   0.222s] ct tests::bad
        FAIL [   0.316s] (3/3) ct tests::gone
     TIMEOUT [  60.316s] (4/4) ct tests::hangs
error: test run failed
";
    let failing = names(&[("ct tests::bad", ""), ("ct tests::gone", "it is gone"), ("ct tests::hangs", "")]);
    assert_eq!(read(output), ("nextest".to_owned(), [5, 1, 3, 1], failing));
    let both = format!("{output}\ntest result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n");
    assert_eq!(read(&both).1, [7, 3, 3, 1]);
}

#[test]
fn other_outputs_say_nothing() {
    for output in [
        "",
        "ok\n",
        "Tests failed in 3 places\n",
        "12 files in 3 directories",
        "<testsuite",
        "<?xml",
        "<html><body/></html>",
    ] {
        assert_eq!(Suite::of_output(output), None, "{output}");
    }
}

#[test]
fn what_fails_newly() {
    let suite = |names: &[&str]| Suite {
        failing: names.iter().map(|name| Failing { name: (*name).to_owned(), ..Failing::default() }).collect(),
        ..Suite::default()
    };
    let (now, before) = (suite(&["a", "b"]), suite(&["a", "c"]));
    assert_eq!(now.newly_failing(&before).iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["b"]);
    assert_eq!(Suite { total: 3, passed: 1, failed: 2, ..Suite::default() }.words(), "2 of 3 tests failed");
}
