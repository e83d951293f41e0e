// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Money of one payee in one currency, in one storage slot: from the low bits up the payee's part (116),
/// the platform's fee on it (116) and a day since 1970 (24). What the day means is up to the holder. A purse with a day never falls back to an empty slot, so that no buyer pays for setting it up
/// again.
type Purse is uint256;

using PurseLib for Purse global;

/// @title PurseLib
/// @notice Packs and unpacks a {Purse}.
library PurseLib {
    /// @dev The most that each of the two sums can hold: 8 * 10^16 coins of 18 decimals.
    uint256 internal constant MAX_SUM = 2 ** 116 - 1;

    uint256 private constant FEE_SHIFT = 116;
    uint256 private constant DAY_SHIFT = 232;

    /// @dev Packs. No sum may be above {MAX_SUM}, and the day must be below 2^24.
    function pack(uint256 day_, uint256 net_, uint256 fee_) internal pure returns (Purse) {
        return Purse.wrap(day_ << DAY_SHIFT | fee_ << FEE_SHIFT | net_);
    }

    /// @dev Adds to both sums. Neither may pass {MAX_SUM}: see `Treasury` for why none does.
    function plus(Purse purse, uint256 net_, uint256 fee_) internal pure returns (Purse) {
        unchecked {
            return Purse.wrap(Purse.unwrap(purse) + (fee_ << FEE_SHIFT | net_));
        }
    }

    /// @dev Takes away what was added before.
    function minus(Purse purse, uint256 net_, uint256 fee_) internal pure returns (Purse) {
        return pack(purse.day(), purse.net() - net_, purse.fee() - fee_);
    }

    /// @dev The payee's part.
    function net(Purse purse) internal pure returns (uint256) {
        return Purse.unwrap(purse) & MAX_SUM;
    }

    /// @dev The platform's fee.
    function fee(Purse purse) internal pure returns (uint256) {
        return Purse.unwrap(purse) >> FEE_SHIFT & MAX_SUM;
    }

    /// @dev The day.
    function day(Purse purse) internal pure returns (uint256) {
        return Purse.unwrap(purse) >> DAY_SHIFT;
    }
}
