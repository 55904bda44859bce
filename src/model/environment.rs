//! What people call dev, staging or prod of a System.

use serde::{Deserialize, Serialize};

use super::{Address, EnvironmentAddress, Health, Tier, Timestamp};

/// What the Fleet concludes about an Environment from its Services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    pub address: EnvironmentAddress,
    pub tier: Tier,
    pub health: Health,
    /// Its Services in the order of their names.
    pub services: Vec<Address>,
    pub desired: Option<u32>,
    pub ready: Option<u32>,
    /// Services that nothing checks: counted beside the health, never part of it.
    pub unchecked: u32,
    /// Services that are degraded or down.
    pub bad: u32,
    pub last_change_at: Option<Timestamp>,
}
