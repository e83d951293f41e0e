// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketControl} from "./interfaces/IMarketControl.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title SaleSettings
/// @notice What each purchase must know of the platform.
/// @dev A base of its own, and before the owner, so that the three share one storage slot: a purchase reads
/// it once.
abstract contract SaleSettings is Pausable {
    uint16 internal _feeBps;
    address internal _quoteSigner;
}

/// @title Control
/// @notice The platform's roles: owner, pauser, quote signer, fee payee. None of them reaches a balance.
abstract contract Control is IMarketControl, SaleSettings, Ownable2Step {
    /// @inheritdoc IMarketControl
    uint16 public constant MAX_FEE_BPS = 1000;

    /// @inheritdoc IMarketControl
    address public pauser;
    /// @inheritdoc IMarketControl
    address public feePayee;

    /// @inheritdoc IMarketControl
    function pause() external {
        if (msg.sender != pauser) _checkOwner();
        _pause();
    }

    /// @inheritdoc IMarketControl
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @inheritdoc IMarketControl
    // slither-disable-next-line missing-zero-check the zero address stands for nobody
    function setPauser(address account) external onlyOwner {
        pauser = account;
        emit PauserChanged(account);
    }

    /// @inheritdoc IMarketControl
    // slither-disable-next-line missing-zero-check the zero address stands for nobody
    function setQuoteSigner(address signer) external onlyOwner {
        _quoteSigner = signer;
        emit QuoteSignerChanged(signer);
    }

    /// @inheritdoc IMarketControl
    function setFee(uint16 bps) external onlyOwner {
        if (bps > MAX_FEE_BPS) revert CourseMarket_FeeTooHigh(MAX_FEE_BPS, bps);
        _feeBps = bps;
        emit FeeChanged(bps);
    }

    /// @inheritdoc IMarketControl
    // slither-disable-next-line missing-zero-check the zero address stands for nobody
    function setFeePayee(address payee) external onlyOwner {
        // It could never fetch them.
        if (payee == address(this)) revert CourseMarket_TransferFailed(payee, 0);
        feePayee = payee;
        emit FeePayeeChanged(payee);
    }

    /// @inheritdoc IMarketControl
    function feeBps() external view returns (uint16) {
        return _feeBps;
    }

    /// @inheritdoc IMarketControl
    function quoteSigner() external view returns (address) {
        return _quoteSigner;
    }

    /// @notice Refused: without an owner, a pause could never end. Hand the market over instead.
    function renounceOwnership() public view override onlyOwner {
        revert CourseMarket_OwnerRequired();
    }

    /// @dev What a sale must know of the platform, in one read; reverts while purchases are paused.
    function _saleSettings() internal view returns (uint256 feeRate, address signer) {
        // Not by {_requireNotPaused}: the compiler would read the slot twice.
        if (paused()) revert CourseMarket_PurchasesPaused();
        return (_feeBps, _quoteSigner);
    }

    /// @inheritdoc Pausable
    function _requireNotPaused() internal view override {
        if (paused()) revert CourseMarket_PurchasesPaused();
    }

    /// @inheritdoc Pausable
    function _requirePaused() internal view override {
        if (!paused()) revert CourseMarket_PurchasesNotPaused();
    }
}
