// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarket} from "../utils/IMarket.sol";
import {IToken} from "../utils/IToken.sol";
import {Signatures} from "../utils/Signatures.sol";
import {Vm} from "../utils/Vm.sol";
import {MarketBooks} from "./MarketBooks.sol";

/// @notice Buys in every way that there is, rightly and wrongly, and writes it into the books.
abstract contract PurchaseHandler is MarketBooks {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant SIGNER_KEY = uint256(keccak256("quote signer"));
    address internal constant COIN = address(0);

    IMarket public immutable market;
    /// @dev Another market of the same signer: no quote of one may work in the other.
    IMarket internal immutable elsewhere;
    IToken public immutable token;

    /// @notice The same few people list, earn and learn, so that their ways cross.
    address[] public people;
    uint256 public courseCount;
    uint256 private orderCount;

    constructor(IMarket market_, IMarket elsewhere_, IToken token_) {
        (market, elsewhere, token) = (market_, elsewhere_, token_);
        token.approve(address(market), type(uint256).max);
        for (uint160 i = 1; i <= 4; ++i) {
            people.push(address(i << 80));
        }
    }

    function peopleCount() external view returns (uint256) {
        return people.length;
    }

    // ------------------------------------------------------------------------------------------ purchases

    /// @notice Buys up to eight things that are on sale, at their price: works unless the holder has one, or
    /// the market is paused.
    function purchase(uint256 course, uint8 tier, uint256 holder, uint256 count) external {
        for (uint256 i = 0; i <= count % 8; ++i) {
            (course, tier) = onSale(course, tier);
            (uint256 price,) = market.tierOf(course, tier);
            buy(course, tier, person(holder), price);
            ++tier;
        }
    }

    /// @notice Buys anything at any sum: hardly ever works.
    function purchaseWildly(uint256 course, uint8 tier, uint256 holder, uint96 value) external {
        buy(course % (courseCount + 2), tier % 10, person(holder), value);
    }

    /// @notice Buys a pass again that was sold, refunded or not.
    function purchaseAgain(uint256 which) external {
        if (sales.length == 0) return;
        ICourseMarket.Purchase memory old = sales[which % sales.length].bought;
        (uint256 price,) = market.tierOf(old.courseId, old.tier);
        buy(old.courseId, old.tier, old.beneficiary, price);
    }

    /// @notice Buys by quote, with either currency.
    function purchaseQuoted(uint256 course, uint8 tier, uint256 holder, uint96 amount, uint256 ttl, bool coin)
        external
    {
        (course, tier) = onSale(course, tier);
        ICourseMarket.Order memory order = ICourseMarket.Order({
            orderId: bytes32(++orderCount),
            courseId: course,
            tier: tier,
            beneficiary: person(holder),
            token: coin ? COIN : address(token),
            amount: amount,
            deadline: block.timestamp + ttl % 1 days
        });
        bytes memory signature = Signatures.quote(SIGNER_KEY, market, order);
        if (buyOrder(market, order, signature)) usedQuotes.push(Used(order, signature));
    }

    /// @notice Uses a quote again that was used, here and elsewhere.
    function purchaseByUsedQuote(uint256 which) external {
        if (usedQuotes.length == 0) return;
        Used memory old = usedQuotes[which % usedQuotes.length];
        if (buyOrder(market, old.order, old.signature)) ++quotesUsedTwice;
        if (old.order.token == COIN && buyOrder(elsewhere, old.order, old.signature)) ++quotesUsedElsewhere;
    }

    /// @notice Buys at the listed price in tokens, if there is one.
    function purchaseForTokens(uint256 course, uint8 tier, uint256 holder) external {
        (course, tier) = onSale(course, tier);
        ICourseMarket.Order memory order = ICourseMarket.Order({
            orderId: bytes32(++orderCount),
            courseId: course,
            tier: tier,
            beneficiary: person(holder),
            token: address(token),
            amount: market.tokenPriceOf(course, tier, address(token)),
            deadline: block.timestamp
        });
        buyOrder(market, order, "");
    }

    /// @notice Buys by permit: a right one, one that someone submitted before, another's, or a broken one.
    function purchaseWithPermit(uint256 course, uint8 tier, uint256 holder, uint96 amount, uint256 dice)
        external
    {
        (ICourseMarket.Order memory order, bytes memory quote) =
            tokenOrder(course, tier, holder, amount, dice);
        uint256 key = payerKey(holder);
        ICourseMarket.Permit memory permit = Signatures.permit(key, market, token, order.amount);
        address caller = vm.addr(dice % 10 == 7 ? payerKey(holder ^ 4) : key);
        if (dice % 10 == 8) {
            token.permit(caller, address(market), order.amount, permit.deadline, permit.v, permit.r, permit.s);
        }
        if (dice % 10 == 9) permit.s = 0;
        token.mint(caller, order.amount);
        // What was permitted before may do.
        bool right = isRight(order, quote)
            && (dice % 10 < 7 || token.allowance(caller, address(market)) >= order.amount);
        bool owned = market.hasPass(order.beneficiary, order.courseId, order.tier);
        vm.prank(caller);
        try market.purchaseWithPermit(order, quote, permit) {
            ++soldByPermit;
            noteSigned(right, owned, order, quote, caller);
        } catch {
            if (right) ++signedSalesRefused;
        }
    }

    /// @notice Buys by authorization, which anyone submits: a right one, one for another order, another's, or a
    /// broken one.
    function purchaseWithAuthorization(
        uint256 course,
        uint8 tier,
        uint256 holder,
        uint96 amount,
        uint256 dice
    ) external {
        (ICourseMarket.Order memory order, bytes memory quote) =
            tokenOrder(course, tier, holder, amount, dice);
        ICourseMarket.Authorization memory authorization =
            Signatures.authorization(payerKey(holder), market, token, order);
        if (dice % 10 == 7) (order.orderId, quote) = (bytes32(++orderCount), "");
        if (dice % 10 == 8) authorization.from = vm.addr(payerKey(holder ^ 4));
        if (dice % 10 == 9) authorization.s = 0;
        token.mint(authorization.from, order.amount);
        bool right = dice % 10 < 7 && isRight(order, quote);
        bool owned = market.hasPass(order.beneficiary, order.courseId, order.tier);
        vm.prank(person(dice / 10));
        try market.purchaseWithAuthorization(order, quote, authorization) {
            ++soldByAuthorization;
            noteSigned(right, owned, order, quote, authorization.from);
        } catch {
            if (right) ++signedSalesRefused;
        }
    }

    function buy(uint256 course, uint8 tier, address holder, uint256 value) private {
        bool owned = market.hasPass(holder, course, tier);
        (uint256 price,) = market.tierOf(course, tier);
        ICourseMarket.Order memory order = ICourseMarket.Order({
            orderId: bytes32(++orderCount),
            courseId: course,
            tier: tier,
            beneficiary: holder,
            token: COIN,
            amount: value,
            deadline: block.timestamp
        });
        vm.deal(address(this), value);
        try market.purchase{value: value}(order.orderId, course, tier, holder) {
            if (value != price || value == 0) ++soldAtAnotherPrice;
            note(owned, order, address(this));
        } catch {}
    }

    function buyOrder(IMarket where, ICourseMarket.Order memory order, bytes memory signature)
        private
        returns (bool bought)
    {
        bool owned = market.hasPass(order.beneficiary, order.courseId, order.tier);
        if (order.token == COIN) {
            vm.deal(address(this), order.amount);
            try where.purchaseQuoted{value: order.amount}(order, signature) {
                bought = true;
            } catch {}
        } else {
            token.mint(address(this), order.amount);
            try where.purchaseForTokens(order, signature) {
                bought = true;
            } catch {}
        }
        if (bought && where == market) note(owned, order, address(this));
    }

    function note(bool owned, ICourseMarket.Order memory order, address payer) private {
        (, address payee,, uint8 window) = market.listingOf(order.courseId);
        if (market.paused()) ++soldWhilePaused;
        if (owned) ++soldTwice;
        if (order.amount == 0) ++soldAtAnotherPrice;
        paid[order.token] += order.amount;
        sales.push(
            Sale({
                bought: ICourseMarket.Purchase({
                    orderId: order.orderId,
                    courseId: order.courseId,
                    tier: order.tier,
                    beneficiary: order.beneficiary,
                    payer: payer,
                    payee: payee,
                    token: order.token,
                    amount: order.amount,
                    fee: order.amount * market.feeBps() / 10_000,
                    refundableUntil: window == 0 ? 0 : (block.timestamp / 1 days + window + 1) * 1 days
                }),
                refunded: false
            })
        );
    }

    function noteSigned(
        bool right,
        bool owned,
        ICourseMarket.Order memory order,
        bytes memory quote,
        address payer
    ) private {
        if (!right) ++wrongSignedSales;
        note(owned, order, payer);
        if (quote.length != 0) usedQuotes.push(Used(order, quote));
    }

    /// @dev An order in tokens, and the quote for it: none where the tier has a price in them, half of the
    /// time. One order in eight is at a wrong price, has a quote of another key, or would need one.
    function tokenOrder(uint256 course, uint8 tier, uint256 holder, uint96 amount, uint256 dice)
        private
        returns (ICourseMarket.Order memory order, bytes memory quote)
    {
        (course, tier) = onSale(course, tier);
        uint256 listed = market.tokenPriceOf(course, tier, address(token));
        bool wrong = dice / 80 % 8 == 7;
        bool quoted = listed == 0 ? dice / 10 % 8 != 7 : dice / 10 % 2 == 0;
        order = ICourseMarket.Order({
            orderId: bytes32(++orderCount),
            courseId: course,
            tier: tier,
            beneficiary: person(holder),
            token: address(token),
            amount: quoted || wrong ? amount : listed,
            deadline: block.timestamp + dice / 640 % 1 days
        });
        if (quoted) quote = Signatures.quote(wrong ? payerKey(holder) : SIGNER_KEY, market, order);
    }

    /// @dev Whether an order in tokens is to be sold, if whoever pays has signed.
    function isRight(ICourseMarket.Order memory order, bytes memory quote) private view returns (bool) {
        (, bool active) = market.tierOf(order.courseId, order.tier);
        bool owned = market.hasPass(order.beneficiary, order.courseId, order.tier);
        if (market.paused() || !active || owned || order.amount == 0) return false;
        if (quote.length == 0) {
            return order.amount == market.tokenPriceOf(order.courseId, order.tier, order.token);
        }
        if (keccak256(quote) != keccak256(Signatures.quote(SIGNER_KEY, market, order))) return false;
        // It may have been signed before the last refund.
        uint256 refunded_ = refundedAt[idOf(order.courseId, order.tier, order.beneficiary)];
        return refunded_ == 0 || order.deadline > refunded_ + 1 days;
    }

    /// @dev Two people pay by signature, whoever they buy for.
    function payerKey(uint256 any) private pure returns (uint256) {
        return uint256(keccak256("payer")) + any / 4 % 2;
    }

    // -------------------------------------------------------------------------------------------- helpers

    function person(uint256 any) internal view returns (address) {
        return people[any % people.length];
    }

    function courseAt(uint256 any) internal view returns (uint256) {
        return 1 + any % courseCount;
    }

    /// @dev The first tier on sale from a random one on, in the courses' order; or the random one.
    function onSale(uint256 anyCourse, uint8 anyTier) internal view returns (uint256 course, uint8 tier) {
        uint256 count = courseCount * 8;
        uint256 start = (courseAt(anyCourse) - 1) * 8 + anyTier % 8;
        for (uint256 i = 0; i < count; ++i) {
            uint256 place = (start + i) % count;
            // forge-lint: disable-next-line(unsafe-typecast) below eight
            (course, tier) = (1 + place / 8, uint8(place % 8));
            (, bool active) = market.tierOf(course, tier);
            if (active) return (course, tier);
        }
    }
}
