//! Configuration: files, environment and discovery, resolved to settings.
