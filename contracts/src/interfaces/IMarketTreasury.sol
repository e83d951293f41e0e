// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IMarketErrors} from "./IMarketErrors.sol";

/// @title IMarketTreasury
/// @notice Who is owed what, and how they fetch it.
/// @dev A sale without a money-back window can be withdrawn at once. A sale with one matures when its window
/// ends: at a midnight (UTC), by itself, with nobody's transaction. Until then it can only go back to whoever
/// paid. The currency is a token's address; the zero address stands for the chain's own coin.
interface IMarketTreasury is IMarketErrors {
    /// @notice An account withdrew all that was theirs in one currency.
    /// @param payee The account whose balance it was.
    /// @param to The account that received it.
    /// @param token The currency.
    /// @param amount The sum in its base units.
    event PayoutWithdrawn(address indexed payee, address indexed to, address indexed token, uint256 amount);

    /// @notice The platform fetched fees.
    /// @param to The account that received them.
    /// @param token The currency.
    /// @param amount The sum in its base units.
    event FeesWithdrawn(address indexed to, address indexed token, uint256 amount);

    /// @notice A token was put on the list of those that purchases may be paid in, or taken off it.
    /// @param token The token.
    /// @param allowed Whether purchases may be paid in it. Withdrawals and refunds go on either way.
    event TokenAllowed(address indexed token, bool allowed);

    /// @notice The owner sent tokens back that had come without a purchase, and were in nobody's balance.
    /// @param token The token.
    /// @param to The account that received them.
    /// @param amount The sum in its base units.
    event ERC20Rescued(address indexed token, address indexed to, uint256 amount);

    /// @notice The account has nothing that it could withdraw now.
    /// @param payee The account.
    error CourseMarket_NothingToWithdraw(address payee);

    /// @notice Only the fee payee may fetch fees.
    /// @param caller The account that tried.
    error CourseMarket_NotFeePayee(address caller);

    /// @notice Purchases can not be paid in this token.
    /// @param token The token.
    error CourseMarket_TokenNotAllowed(address token);

    /// @notice There is no token at this address.
    /// @param token The address.
    error CourseMarket_NotAToken(address token);

    /// @notice No more tokens fit on the list, those taken off included.
    error CourseMarket_TooManyTokens();

    /// @notice The token took a fee, or gave something: what arrived is not what was paid.
    /// @param token The token.
    /// @param expected The price in base units.
    /// @param received What arrived.
    error CourseMarket_WrongTokenAmount(address token, uint256 expected, uint256 received);

    /// @notice The token took back some of what this market holds of it, so no more is taken in; or a payout,
    /// a refund or a rescue would have taken more than was sent, of what is others'.
    /// @param token The token; in a rescue the zero address stands for the chain's own coin.
    /// @param held What the market owes; in a rescue of this token, too. In one of another what it had. In a
    /// payout or a refund what it had less the sum.
    /// @param balance What it has, or would have.
    error CourseMarket_TokenShrank(address token, uint256 held, uint256 balance);

    /// @notice The sum is nothing, or more than what the market has of the token beside what it owes.
    /// @param token The token.
    /// @param surplus What it has beside.
    /// @param asked The sum asked for.
    error CourseMarket_NotSurplus(address token, uint256 surplus, uint256 asked);

    /// @notice The market holds so much of this token that its books are full.
    /// @param token The token.
    error CourseMarket_TokenBooksFull(address token);

    /// @notice Sends all that the caller can withdraw now in one currency. Works while purchases are paused.
    /// @dev Emits {PayoutWithdrawn}. Looks at no more than 64 days, and at those since the last time only.
    /// Fails for a token that takes more from the market than the sum, as {withdrawFees} and a refund do.
    /// @param token The currency.
    /// @param to The account that receives it.
    /// @return amount The sum in base units.
    function withdraw(address token, address to) external returns (uint256 amount);

    /// @notice Sends the fees on some payees' matured sales in one currency. Fee payee only.
    /// @dev Emits {FeesWithdrawn}. The fee on a sale is kept beside the payee's part of it, so that a
    /// purchase writes one slot rather than two; hence the list, which the caller makes as long as they like.
    /// @param token The currency.
    /// @param payees Whose sales; one that comes twice counts once.
    /// @param to The account that receives the fees.
    /// @return amount The sum in base units.
    function withdrawFees(address token, address[] calldata payees, address to)
        external
        returns (uint256 amount);

    /// @notice Puts a token on the list, or takes it off. Owner only.
    /// @dev Emits {TokenAllowed}. A token whose balances change by themselves must not be on the list: the
    /// market refuses those that shrink once the loss shows, and can not give back what they took. Nor must one
    /// that takes a fee from the sender: what was paid with it can not be paid out.
    /// @param token The token.
    /// @param allowed Whether purchases may be paid in it.
    function setTokenAllowed(address token, bool allowed) external;

    /// @notice Sends tokens back that came without a purchase: what the market has of a token beside all that
    /// it owes in it; of a token that never was on the list, all. Owner only. Works while purchases are paused.
    /// @dev Emits {ERC20Rescued}. Changes no balance, no held purchase and no fee, and fails if the market
    /// would have less than it owes in the token, or less than before of the coin or of any other token that it
    /// owes something in: whatever the token does, and if it is another address of one of them. What strayed
    /// of a token with two addresses is therefore sent by the one that the market owes under; if it owes under
    /// both, once one is paid out. The chain's coin can not be rescued: none comes without a purchase. Looks
    /// at each token that ever was on the list.
    /// @param token The token.
    /// @param to The account that receives them.
    /// @param amount The sum in base units.
    function rescueERC20(address token, address to, uint256 amount) external;

    /// @notice What an account can withdraw now.
    /// @param payee The account.
    /// @param token The currency.
    /// @return The sum in base units.
    function payoutOf(address payee, address token) external view returns (uint256);

    /// @notice The fees on an account's sales that the fee payee can fetch now.
    /// @param payee The account.
    /// @param token The currency.
    /// @return The sum in base units.
    function feesOf(address payee, address token) external view returns (uint256);

    /// @notice What an account will be able to withdraw later, if nothing of it is refunded.
    /// @param payee The account.
    /// @param token The currency.
    /// @return net The payee's part in base units.
    /// @return fee The platform's.
    function heldFor(address payee, address token) external view returns (uint256 net, uint256 fee);

    /// @notice Whether purchases may be paid in a token.
    /// @param token The token.
    /// @return True for those on the list.
    function isTokenAllowed(address token) external view returns (bool);
}
