// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IMarketErrors} from "./IMarketErrors.sol";

/// @title IMarketControl
/// @notice The platform's roles and settings.
/// @dev Beside it stand OpenZeppelin's `Ownable2Step` (`owner`, `transferOwnership`, `acceptOwnership`) and
/// `Pausable` (`paused`). What each role could do at worst, if its key were lost: the pauser stops purchases; the quote signer
/// sells tiers that are on sale at any price above nothing; the fee payee takes the fees; the owner names the
/// others, and sets the fee of later sales up to its ceiling. None reaches a payee's money, a purchase in its
/// money-back window, or a pass.
interface IMarketControl is IMarketErrors {
    /// @notice Another account may pause.
    /// @param pauser The account; the zero address for nobody but the owner.
    event PauserChanged(address indexed pauser);

    /// @notice Another key signs quotes. Quotes of the former one are worth nothing any more.
    /// @param signer The key's address; the zero address for none.
    event QuoteSignerChanged(address indexed signer);

    /// @notice The fee on later sales changed.
    /// @dev A sale's fee is `amount * bps / 10,000`, rounded down, at the rate of its time.
    /// @param bps The rate in basis points.
    event FeeChanged(uint16 bps);

    /// @notice Another account may fetch the fees, those not yet fetched included.
    /// @param payee The account; the zero address for none.
    event FeePayeeChanged(address indexed payee);

    /// @notice The fee is above its ceiling.
    /// @param max The ceiling in basis points.
    /// @param given The rate asked for.
    error CourseMarket_FeeTooHigh(uint256 max, uint256 given);

    /// @notice Purchases are paused. Withdrawals and refunds are not.
    error CourseMarket_PurchasesPaused();

    /// @notice Purchases are not paused.
    error CourseMarket_PurchasesNotPaused();

    /// @notice The market keeps an owner: without one, a pause could never end.
    error CourseMarket_OwnerRequired();

    /// @notice Stops purchases. Owner or pauser only.
    function pause() external;

    /// @notice Lets purchases go on. Owner only: a pauser's key is kept where it is quickly at hand.
    function unpause() external;

    /// @notice Names the account that may pause beside the owner. Owner only.
    /// @dev Emits {PauserChanged}.
    /// @param account The account; the zero address for none.
    function setPauser(address account) external;

    /// @notice Names the key that signs quotes. Owner only.
    /// @dev Emits {QuoteSignerChanged}.
    /// @param signer The key's address, of an account without code; the zero address for none.
    function setQuoteSigner(address signer) external;

    /// @notice Sets the platform's fee on later sales. Owner only.
    /// @dev Emits {FeeChanged}.
    /// @param bps The rate in basis points, at most {MAX_FEE_BPS}.
    function setFee(uint16 bps) external;

    /// @notice Names the account that may fetch the fees. Owner only.
    /// @dev Emits {FeePayeeChanged}.
    /// @param payee The account, not this market; the zero address for none.
    function setFeePayee(address payee) external;

    /// @notice The ceiling of the fee, for good.
    /// @return The rate in basis points.
    function MAX_FEE_BPS() external view returns (uint16);

    /// @notice The fee on sales.
    /// @return The rate in basis points.
    function feeBps() external view returns (uint16);

    /// @notice The key that signs quotes.
    /// @return Its address; the zero address if there is none.
    function quoteSigner() external view returns (address);

    /// @notice The account that may pause beside the owner.
    /// @return The account; the zero address if there is none.
    function pauser() external view returns (address);

    /// @notice The account that may fetch the fees.
    /// @return The account; the zero address if there is none.
    function feePayee() external view returns (address);
}
