// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title IMarketErrors
/// @notice What more than one part of the market refuses with.
interface IMarketErrors {
    /// @notice An account is missing: the zero address was given.
    error CourseMarket_ZeroAddress();

    /// @notice The receiver refused the money, or is this market; the balance is as it was. Or this market was
    /// named as a payee: it could never withdraw.
    /// @param to The receiver, or the payee.
    /// @param amount The sum in base units; 0 where a payee is named.
    error CourseMarket_TransferFailed(address to, uint256 amount);

    /// @notice No course has this id.
    /// @param courseId The id asked for.
    error CourseMarket_UnknownCourse(uint256 courseId);

    /// @notice A pass belongs to its owner: it can be neither moved nor approved.
    error CourseMarket_Soulbound();

    /// @notice No such pass was minted, or it was refunded.
    /// @param tokenId The id asked for.
    error CourseMarket_UnknownPass(uint256 tokenId);
}
