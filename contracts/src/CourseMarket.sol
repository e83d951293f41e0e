// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Listings} from "./Listings.sol";
import {Offer} from "./Offer.sol";
import {ICourseMarket} from "./interfaces/ICourseMarket.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title CourseMarket
/// @notice Lectern's market: purchases and refunds, over listings and a treasury. See {ICourseMarket}.
/// @dev A purchase with the chain's coin touches four storage slots and no more: the settings, the offer, the
/// buyer's pass, and the payee's purse. It calls nobody.
///
/// A quote works once without a slot that says so. It names the beneficiary and the tier, and a pass is never
/// sold twice while it lasts. A refund ends it, and remembers when: a quote whose deadline is not later by
/// more than a quote may hold may have been signed before, and is refused.
contract CourseMarket is ICourseMarket, Listings, EIP712 {
    using SafeERC20 for IERC20;

    /// @inheritdoc ICourseMarket
    uint256 public constant MAX_QUOTE_LIFETIME = 1 days;

    bytes32 private constant ORDER_TYPE = keccak256(
        "Order(bytes32 orderId,uint256 courseId,uint8 tier,address beneficiary,address token,uint256 amount,uint256 deadline)"
    );

    uint256 private constant BPS = 10_000;

    /// @param owner The account that may pause purchases and name the other roles.
    // slither-disable-next-line shadowing-local whoever it is told to be becomes the owner
    constructor(address owner) Ownable(owner) EIP712("CourseMarket", "2") {}

    // ------------------------------------------------------------------------------------------ purchases

    /// @inheritdoc ICourseMarket
    function purchase(bytes32 orderId, uint256 courseId, uint8 tier, address beneficiary) external payable {
        (uint256 feeRate,) = _saleSettings();
        (Offer offer, uint256 passIndex) = _offerOnSale(courseId, tier);
        uint256 price = offer.price();
        if (price == 0) revert CourseMarket_TierNotForSale(courseId, tier);
        if (msg.value != price) revert CourseMarket_WrongPrice(price, msg.value);
        _deliver(offer, passIndex, orderId, beneficiary, COIN, COIN_CURRENCY, msg.value, feeRate, msg.sender);
    }

    /// @inheritdoc ICourseMarket
    function purchaseQuoted(Order calldata order, bytes calldata quote) external payable {
        (uint256 feeRate, address signer) = _saleSettings();
        if (order.token != COIN) revert CourseMarket_WrongCurrency(order.token);
        if (msg.value != order.amount) revert CourseMarket_WrongPrice(order.amount, msg.value);
        (Offer offer, uint256 passIndex) = _offerOnSale(order.courseId, order.tier);
        _checkOrder(order);
        _checkQuote(order, quote, signer, offer, passIndex);
        _deliverOrder(order, offer, passIndex, COIN, COIN_CURRENCY, feeRate, msg.sender);
    }

    /// @inheritdoc ICourseMarket
    function purchaseForTokens(Order calldata order, bytes calldata quote) external nonReentrant {
        (address token, uint256 before) = _sellForToken(order, quote, msg.sender);
        _pull(token, before, order.amount);
    }

    /// @inheritdoc ICourseMarket
    function purchaseWithPermit(Order calldata order, bytes calldata quote, Permit calldata permit)
        external
        nonReentrant
    {
        (address token, uint256 before) = _sellForToken(order, quote, msg.sender);
        try IERC20Permit(token)
            .permit(msg.sender, address(this), order.amount, permit.deadline, permit.v, permit.r, permit.s) {}
            catch {}
        _pull(token, before, order.amount);
    }

    /// @inheritdoc ICourseMarket
    function purchaseWithAuthorization(
        Order calldata order,
        bytes calldata quote,
        Authorization calldata authorization
    ) external nonReentrant {
        address from = authorization.from;
        (address token, uint256 before) = _sellForToken(order, quote, from);
        IERC3009(token)
            .receiveWithAuthorization(
                from,
                address(this),
                order.amount,
                authorization.validAfter,
                authorization.validBefore,
                orderDigest(order),
                authorization.v,
                authorization.r,
                authorization.s
            );
        _checkReceived(token, before, order.amount);
    }

    /// @inheritdoc ICourseMarket
    function refund(Purchase calldata bought) external nonReentrant {
        if (msg.sender != bought.beneficiary && msg.sender != _listings[bought.courseId].lister) {
            revert CourseMarket_NotRefunder(msg.sender);
        }
        (bool possible, uint256 passIndex) = _passIndex(bought.courseId, bought.tier);
        uint256 passId = _passId(bought.beneficiary, passIndex);
        bytes32 hash = _purchaseHash(
            bought.orderId,
            bought.payer,
            bought.payee,
            bought.token,
            bought.amount,
            bought.fee,
            bought.refundableUntil
        );
        if (!possible || !_isRecorded(passId, hash)) revert CourseMarket_UnknownPurchase(bought.orderId);
        if (block.timestamp >= bought.refundableUntil) {
            revert CourseMarket_WindowEnded(bought.refundableUntil);
        }

        _burnRecorded(passId);
        uint256 currency = _currency(bought.token);
        _release(
            bought.payee, currency, bought.refundableUntil / 1 days, bought.amount - bought.fee, bought.fee
        );
        emit Transfer(bought.beneficiary, address(0), passId);
        emit PurchaseRefunded(
            bought.orderId,
            bought.beneficiary,
            bought.courseId,
            bought.tier,
            bought.token,
            bought.amount,
            bought.payer
        );
        if (!_trySend(bought.token, bought.payer, bought.amount)) {
            _credit(bought.payer, currency, bought.amount, 0);
            emit RefundCredited(bought.payer, bought.token, bought.amount);
        }
    }

    // ---------------------------------------------------------------------------------------------- views

    /// @inheritdoc ICourseMarket
    // slither-disable-next-line shadowing-local the owner of a pass
    function hasPass(address owner, uint256 courseId, uint8 tier) external view returns (bool) {
        (bool possible, uint256 passIndex) = _passIndex(courseId, tier);
        return possible && _owns(owner, passIndex);
    }

    /// @inheritdoc ICourseMarket
    // slither-disable-next-line assembly one copy and one hash, for which the language has no words
    function orderDigest(Order calldata order) public view returns (bytes32) {
        bytes32 typeHash = ORDER_TYPE;
        bytes32 structHash;
        // An order has seven fields of a word each: as an argument it is as EIP-712 encodes it. `abi.encode`
        // would copy it field by field, and look at each once more.
        assembly ("memory-safe") {
            let encoded := mload(0x40)
            mstore(encoded, typeHash)
            calldatacopy(add(encoded, 0x20), order, 0xe0)
            structHash := keccak256(encoded, 0x100)
        }
        return _hashTypedDataV4(structHash);
    }

    // ------------------------------------------------------------------------------------------- internal

    /// @dev A tier that is on sale, or reverts.
    function _offerOnSale(uint256 courseId, uint8 tier)
        private
        view
        returns (Offer offer, uint256 passIndex)
    {
        bool possible;
        (possible, passIndex) = _passIndex(courseId, tier);
        offer = _offers[passIndex];
        if (!possible || !offer.active()) {
            if (_listings[courseId].lister == address(0)) revert CourseMarket_UnknownCourse(courseId);
            revert CourseMarket_TierNotForSale(courseId, tier);
        }
    }

    /// @dev What holds for every order, quoted or not.
    function _checkOrder(Order calldata order) private view {
        if (block.timestamp > order.deadline) revert CourseMarket_OrderExpired(order.deadline);
        if (order.amount == 0 || order.amount > type(uint96).max) {
            revert CourseMarket_AmountOutOfRange(order.amount);
        }
    }

    /// @dev Reverts unless the quote signer signed the order, and it was not used before.
    function _checkQuote(
        Order calldata order,
        bytes calldata quote,
        address quoteSigner_,
        Offer offer,
        uint256 passIndex
    ) private view {
        uint256 latest = block.timestamp + MAX_QUOTE_LIFETIME;
        if (order.deadline > latest) revert CourseMarket_QuoteTooLong(latest, order.deadline);
        // slither-disable-next-line unused-return what is wrong with a broken signature helps nobody
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(orderDigest(order), quote);
        if (failure != ECDSA.RecoverError.NoError || signer != quoteSigner_) {
            revert CourseMarket_QuoteInvalid();
        }

        // Only passes of courses with a window can have been refunded.
        if (offer.window() == 0) return;
        uint256 passId = _passId(order.beneficiary, passIndex);
        if (_hasRecord(passId)) return; // refused as owned, later
        uint256 refundedAt = _refundedAt(passId);
        if (refundedAt != 0 && order.deadline <= refundedAt + MAX_QUOTE_LIFETIME) {
            revert CourseMarket_QuoteSpent(refundedAt, order.deadline);
        }
    }

    /// @dev Sells for a token that has yet to come in: the books are right before anyone else is called.
    /// @return token The token.
    /// @return before What the market has of it.
    function _sellForToken(Order calldata order, bytes calldata quote, address payer)
        private
        returns (address token, uint256 before)
    {
        (uint256 feeRate, address signer) = _saleSettings();
        (Offer offer, uint256 passIndex) = _offerOnSale(order.courseId, order.tier);
        _checkOrder(order);
        uint256 currency;
        token = order.token;
        (currency, before) = _expect(token, order.amount);
        if (quote.length == 0) {
            uint256 price = _tokenPrice(currency, passIndex);
            if (price == 0) revert CourseMarket_TierNotForSale(order.courseId, order.tier);
            if (order.amount != price) revert CourseMarket_WrongPrice(price, order.amount);
        } else {
            _checkQuote(order, quote, signer, offer, passIndex);
        }
        _deliverOrder(order, offer, passIndex, token, currency, feeRate, payer);
    }

    /// @dev Takes the caller's tokens.
    function _pull(address token, uint256 before, uint256 amount) private {
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        _checkReceived(token, before, amount);
    }

    /// @dev {_deliver} for an order.
    function _deliverOrder(
        Order calldata order,
        Offer offer,
        uint256 passIndex,
        address token,
        uint256 currency,
        uint256 feeRate,
        address payer
    ) private {
        _deliver(
            offer, passIndex, order.orderId, order.beneficiary, token, currency, order.amount, feeRate, payer
        );
    }

    /// @dev Gives the beneficiary the pass and the payee the money, at once or later.
    function _deliver(
        Offer offer,
        uint256 passIndex,
        bytes32 orderId,
        address beneficiary,
        address token,
        uint256 currency,
        uint256 amount,
        uint256 feeRate,
        address payer
    ) private {
        if (beneficiary == address(0)) revert CourseMarket_ZeroAddress();
        address payee = offer.payee();
        (uint256 courseId, uint8 tier) = _courseAndTier(passIndex);
        uint256 passId = _passId(beneficiary, passIndex);
        uint256 fee;
        uint256 net;
        // An amount has 96 bits, and a fee is a part of it.
        unchecked {
            fee = amount * feeRate / BPS;
            net = amount - fee;
        }

        if (offer.window() == 0) {
            if (!_markOwned(beneficiary, passIndex)) {
                revert CourseMarket_AlreadyOwned(beneficiary, courseId, tier);
            }
            _credit(payee, currency, net, fee);
            emit CoursePurchased(orderId, beneficiary, courseId, tier, token, amount);
            emit Transfer(address(0), beneficiary, passId);
        } else {
            // Rounded up to a midnight: the money is the payee's in the second in which it can no longer go
            // back, and all that matures on one day shares a slot.
            uint256 day = _today() + offer.window() + 1;
            bytes32 hash = _purchaseHash(orderId, payer, payee, token, amount, fee, day * 1 days);
            if (!_markRecorded(passId, hash)) revert CourseMarket_AlreadyOwned(beneficiary, courseId, tier);
            _hold(payee, currency, day, net, fee);
            emit CoursePurchased(orderId, beneficiary, courseId, tier, token, amount);
            emit Transfer(address(0), beneficiary, passId);
            emit PurchaseHeld(orderId, payee, payer, fee, day * 1 days);
        }
    }

    /// @dev What a pass remembers of its purchase; who has it, and what it opens, is in its id.
    function _purchaseHash(
        bytes32 orderId,
        address payer,
        address payee,
        address token,
        uint256 amount,
        uint256 fee,
        uint256 refundableUntil
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(orderId, payer, payee, token, amount, fee, refundableUntil));
    }
}
