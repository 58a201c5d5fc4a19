//! The program: everything is in the library, behind the feature `cli`.

fn main() -> std::process::ExitCode {
    wirecopy::cli::run()
}
