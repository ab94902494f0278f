//! The program: everything is in the library.

fn main() -> std::process::ExitCode {
    git_rollback::cli::main()
}
