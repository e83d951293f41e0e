// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The part of halmos' cheatcodes that these checks use.
interface Svm {
    function createAddress(string calldata name) external pure returns (address);
    function createBytes(uint256 size, string calldata name) external pure returns (bytes memory);
    function createUint(uint256 bits, string calldata name) external pure returns (uint256);
}
