// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title IERC5192
/// @notice Minimal soulbound tokens (ERC-5192). The interface id is 0xb45a3c0e.
interface IERC5192 {
    /// @notice A token has become locked.
    /// @param tokenId The token.
    event Locked(uint256 tokenId);

    /// @notice A token has become unlocked.
    /// @param tokenId The token.
    event Unlocked(uint256 tokenId);

    /// @notice Whether a token is locked. Reverts for a token that does not exist.
    /// @param tokenId The token.
    /// @return True while the token can not be moved.
    function locked(uint256 tokenId) external view returns (bool);
}
