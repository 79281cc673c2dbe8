//! An application.
