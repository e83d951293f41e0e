// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IMarketControl} from "./IMarketControl.sol";
import {IMarketListings} from "./IMarketListings.sol";
import {IMarketTreasury} from "./IMarketTreasury.sol";

/// @title ICourseMarket
/// @notice A market for access to courses. Anyone lists a course with up to eight tiers; anyone buys a tier
/// for a beneficiary, at its listed price or at a price that the platform's key signed, in the chain's coin or
/// in a token. The beneficiary gets an access pass that never moves, the course's payee a balance to
/// withdraw; where the course has a money-back window, once it has ended.
/// @dev A pass is an ERC-721 token whose id is computed, not stored: `tokenId = passIndex << 160 | owner`
/// with `passIndex = courseId * 8 + tier`. ERC-721, its metadata, ERC-5192 and ERC-165 are implemented
/// beside this interface.
interface ICourseMarket is IMarketListings, IMarketTreasury, IMarketControl {
    /// @notice What is bought, for whom, at what price, until when.
    /// @dev Its EIP-712 digest under this market's domain (name "CourseMarket", version "2", chain, contract)
    /// is what the quote signer signs, and what an EIP-3009 authorization for it has as its nonce. The type
    /// is `Order(bytes32 orderId,uint256 courseId,uint8 tier,address beneficiary,address token,uint256
    /// amount,uint256 deadline)`.
    /// @param orderId The order that this pays for, any value.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param beneficiary The account that gets the pass.
    /// @param token The currency; the zero address stands for the chain's own coin.
    /// @param amount The price in base units, below 2^96.
    /// @param deadline The last second at which it can be used.
    struct Order {
        bytes32 orderId;
        uint256 courseId;
        uint8 tier;
        address beneficiary;
        address token;
        uint256 amount;
        uint256 deadline;
    }

    /// @notice An EIP-2612 permit of the caller to this market, over the order's amount.
    /// @param deadline The permit's deadline.
    /// @param v The signature's v.
    /// @param r The signature's r.
    /// @param s The signature's s.
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice An EIP-3009 authorization to this market, over the order's amount, with {orderDigest} as its
    /// nonce.
    /// @param from The account that pays.
    /// @param validAfter It counts after this second.
    /// @param validBefore It counts before this second.
    /// @param v The signature's v.
    /// @param r The signature's r.
    /// @param s The signature's s.
    struct Authorization {
        address from;
        uint256 validAfter;
        uint256 validBefore;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice A purchase that can be refunded, as {CoursePurchased} and {PurchaseHeld} told it.
    /// @param orderId The order.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param beneficiary The account that got the pass.
    /// @param payer The account that paid.
    /// @param payee The account that is credited in the end.
    /// @param token The currency.
    /// @param amount The price paid, the fee included, in base units.
    /// @param fee The platform's fee in base units.
    /// @param refundableUntil When the window ends, in seconds.
    struct Purchase {
        bytes32 orderId;
        uint256 courseId;
        uint8 tier;
        address beneficiary;
        address payer;
        address payee;
        address token;
        uint256 amount;
        uint256 fee;
        uint256 refundableUntil;
    }

    // --------------------------------------------------------------------------------------------- events

    /// @notice A tier of a course was bought.
    /// @param orderId The order that the buyer paid for. The market does not keep it unique: whoever settles
    /// orders must compare all fields of this event.
    /// @param beneficiary The account that got the pass; the account that paid may be another.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param token The currency: the zero address stands for the chain's own.
    /// @param amount The price paid, in the currency's base units.
    event CoursePurchased(
        bytes32 indexed orderId,
        address indexed beneficiary,
        uint256 indexed courseId,
        uint8 tier,
        address token,
        uint256 amount
    );

    /// @notice The price of the purchase before this event is held, because its course has a window.
    /// @param orderId The order.
    /// @param payee The account that will be credited with the amount less the fee.
    /// @param payer The account that paid, and that a refund goes to.
    /// @param fee The platform's fee in base units.
    /// @param refundableUntil When the window ends, in seconds: a midnight, UTC. From that second on the
    /// money can be withdrawn, and the purchase can no longer be refunded.
    event PurchaseHeld(
        bytes32 indexed orderId, address indexed payee, address payer, uint256 fee, uint256 refundableUntil
    );

    /// @notice A purchase was refunded in full, and its pass burned.
    /// @param orderId The order.
    /// @param beneficiary The account that had the pass.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param token The currency.
    /// @param amount The price that was paid, in the currency's base units.
    /// @param payer The account that it went back to.
    event PurchaseRefunded(
        bytes32 indexed orderId,
        address indexed beneficiary,
        uint256 indexed courseId,
        uint8 tier,
        address token,
        uint256 amount,
        address payer
    );

    /// @notice The payer refused the refund before this event: it waits for them to withdraw it.
    /// @param payer The account that paid.
    /// @param token The currency.
    /// @param amount The sum in its base units.
    event RefundCredited(address indexed payer, address indexed token, uint256 amount);

    // --------------------------------------------------------------------------------------------- errors

    /// @notice The sum is not the price.
    /// @param required The price in base units.
    /// @param sent The sum sent or offered.
    error CourseMarket_WrongPrice(uint256 required, uint256 sent);

    /// @notice The course exists, but this tier is not on sale, or not for its listed price in this currency.
    /// @param courseId The course.
    /// @param tier The tier's index.
    error CourseMarket_TierNotForSale(uint256 courseId, uint8 tier);

    /// @notice The beneficiary has this pass already; nothing was charged.
    /// @param beneficiary The account that has the pass.
    /// @param courseId The course.
    /// @param tier The tier's index.
    error CourseMarket_AlreadyOwned(address beneficiary, uint256 courseId, uint8 tier);

    /// @notice The order's deadline has passed.
    /// @param deadline The deadline, in seconds.
    error CourseMarket_OrderExpired(uint256 deadline);

    /// @notice The quote signer did not sign this order for this market.
    error CourseMarket_QuoteInvalid();

    /// @notice A quote may not hold this long.
    /// @param latest The latest deadline that it could have now.
    /// @param given The deadline that it has.
    error CourseMarket_QuoteTooLong(uint256 latest, uint256 given);

    /// @notice This pass was refunded, and the quote may have been signed before.
    /// @param refundedAt When the pass was refunded, in seconds.
    /// @param deadline The quote's deadline, which must be later by more than a quote may hold.
    error CourseMarket_QuoteSpent(uint256 refundedAt, uint256 deadline);

    /// @notice An amount that the market does not sell for: nothing, or 2^96 and more.
    /// @param amount The amount.
    error CourseMarket_AmountOutOfRange(uint256 amount);

    /// @notice The order is in a token, or in the chain's coin, and must be paid through another function.
    /// @param token The order's currency.
    error CourseMarket_WrongCurrency(address token);

    /// @notice No purchase with all of these properties holds its pass.
    /// @param orderId The order asked for.
    error CourseMarket_UnknownPurchase(bytes32 orderId);

    /// @notice The money-back window has ended.
    /// @param refundableUntil When it did, in seconds.
    error CourseMarket_WindowEnded(uint256 refundableUntil);

    /// @notice Only the beneficiary, or the course's lister, may have a purchase refunded.
    /// @param caller The account that tried.
    error CourseMarket_NotRefunder(address caller);

    // ------------------------------------------------------------------------------------------ purchases

    /// @notice Buys a tier for a beneficiary, at exactly its listed price in the chain's coin.
    /// @dev Emits {CoursePurchased}, ERC-721's `Transfer` from the zero address, and {PurchaseHeld} if the
    /// course has a window. Calls nobody.
    /// @param orderId The order that this pays for, any value.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param beneficiary The account that gets the pass.
    function purchase(bytes32 orderId, uint256 courseId, uint8 tier, address beneficiary) external payable;

    /// @notice Buys a tier that is on sale, at a quoted price in the chain's coin.
    /// @dev Emits what {purchase} does. Calls nobody.
    /// @param order The order; exactly its amount must be sent along.
    /// @param quote The quote signer's signature over it, 65 bytes.
    function purchaseQuoted(Order calldata order, bytes calldata quote) external payable;

    /// @notice Buys a tier with the caller's tokens, of which this market may take the amount.
    /// @dev Emits what {purchase} does, before the token's events: the books are right before it is called.
    /// @param order The order.
    /// @param quote The quote signer's signature over it; or empty, if the amount is the listed price.
    function purchaseForTokens(Order calldata order, bytes calldata quote) external;

    /// @notice Buys a tier with the caller's tokens, which they permit this market to take.
    /// @dev Emits what {purchase} does. A permit that fails is passed over, because anyone can submit it
    /// beforehand: what counts is the allowance.
    /// @param order The order.
    /// @param quote The quote signer's signature over it; or empty, if the amount is the listed price.
    /// @param permit The permit.
    function purchaseWithPermit(Order calldata order, bytes calldata quote, Permit calldata permit) external;

    /// @notice Buys a tier with the tokens of whoever signed the authorization; anyone may submit it.
    /// @dev Emits what {purchase} does. The authorization's nonce is the order's digest: it pays for nothing
    /// else, for nobody else.
    /// @param order The order.
    /// @param quote The quote signer's signature over it; or empty, if the amount is the listed price.
    /// @param authorization The authorization.
    function purchaseWithAuthorization(
        Order calldata order,
        bytes calldata quote,
        Authorization calldata authorization
    ) external;

    /// @notice Gives a purchase back within its window: burns the pass, and sends the price, the fee included,
    /// to whoever paid. For the beneficiary, without anyone's leave, or for the course's lister. Works while
    /// purchases are paused.
    /// @dev Emits ERC-721's `Transfer` to the zero address, {PurchaseRefunded}, and {RefundCredited} if the
    /// payer could not be paid.
    /// @param bought The purchase.
    function refund(Purchase calldata bought) external;

    // ---------------------------------------------------------------------------------------------- views

    /// @notice Whether an account has the pass of a tier.
    /// @param owner The account.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @return True from the purchase on, until it is refunded.
    function hasPass(address owner, uint256 courseId, uint8 tier) external view returns (bool);

    /// @notice The EIP-712 digest of an order.
    /// @param order The order.
    /// @return What a quote signs, and the nonce of an EIP-3009 authorization.
    function orderDigest(Order calldata order) external view returns (bytes32);

    /// @notice How far ahead a quote's deadline may lie.
    /// @return The time in seconds.
    function MAX_QUOTE_LIFETIME() external view returns (uint256);
}
