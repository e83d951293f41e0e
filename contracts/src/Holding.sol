// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What the market knows of a token, in one storage slot: from the low bits up its part in keys (16; from
/// 1 on, and never given away again), whether purchases may be paid in it (1, of 8), and the sum of all purses
/// in it (120). All zero: it never was on the list. A word rather than a struct, so that a purchase reads and
/// writes it once.
type Holding is uint256;

using HoldingLib for Holding global;

/// @title HoldingLib
/// @notice Packs and unpacks a {Holding}.
library HoldingLib {
    uint256 private constant ID_MASK = 2 ** 16 - 1;
    uint256 private constant ALLOWED = 2 ** 16;
    uint256 private constant HELD_SHIFT = 24;

    /// @dev Packs. The id must be below 2^16, the sum below 2^120.
    function pack(uint256 id_, bool allowed_, uint256 held_) internal pure returns (Holding) {
        return Holding.wrap(held_ << HELD_SHIFT | (allowed_ ? ALLOWED : 0) | id_);
    }

    /// @dev Adds to the sum, which must stay below 2^120.
    function plus(Holding holding, uint256 amount) internal pure returns (Holding) {
        unchecked {
            return Holding.wrap(Holding.unwrap(holding) + (amount << HELD_SHIFT));
        }
    }

    /// @dev Takes away what was added before.
    function minus(Holding holding, uint256 amount) internal pure returns (Holding) {
        return pack(holding.id(), holding.allowed(), holding.held() - amount);
    }

    /// @dev The token's part in keys.
    function id(Holding holding) internal pure returns (uint256) {
        return Holding.unwrap(holding) & ID_MASK;
    }

    /// @dev Whether purchases may be paid in the token.
    function allowed(Holding holding) internal pure returns (bool) {
        return Holding.unwrap(holding) & ALLOWED != 0;
    }

    /// @dev The sum of all purses in the token.
    function held(Holding holding) internal pure returns (uint256) {
        return Holding.unwrap(holding) >> HELD_SHIFT;
    }
}
