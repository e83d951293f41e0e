// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Purse, PurseLib} from "../../src/Purse.sol";
import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {IToken} from "../utils/IToken.sol";
import {MarketTest} from "../utils/MarketTest.sol";

contract MoneyFuzzTest is MarketTest {
    uint256 private constant PAYER_KEY = 0xa11ce;

    IToken private token;

    /// @dev What the model knows of a sale.
    struct Sale {
        uint256 until;
        uint256 amount;
    }

    Sale[] private sales;

    function setUp() public override {
        super.setUp();
        token = deployToken("Token", 6);
        allow(token);
    }

    function testFuzz_SplitsAnyAmount(uint96 amount, uint16 bps, uint8 window, bool coin) external {
        amount = uint96(bound(amount, 1, type(uint96).max));
        bps = uint16(bound(bps, 0, 1000));
        window = uint8(bound(window, 0, 60));
        setFee(bps);
        address currency = coin ? address(0) : address(token);
        buyAt(list(lister, payee, window, prices(PRICE)), currency, amount);

        uint256 fee = uint256(amount) * bps / 10_000;
        (uint256 net, uint256 held) = market.heldFor(payee, currency);
        vm.assertEq(net, window == 0 ? 0 : amount - fee);
        vm.assertEq(held, window == 0 ? 0 : fee);
        vm.warp(windowEnd(window));
        vm.assertEq(market.payoutOf(payee, currency), amount - fee);
        vm.assertEq(market.feesOf(payee, currency), fee);
    }

    function testFuzz_MaturesToTheSecond(uint8 window, uint32 start, uint32 wait) external {
        window = uint8(bound(window, 1, 60));
        vm.warp(START + start);
        uint256 until = windowEnd(window);
        vm.assertTrue(until > block.timestamp + window * 1 days);
        vm.assertTrue(until <= block.timestamp + (window + 1) * 1 days);
        buy(list(lister, payee, window, prices(PRICE)), 0, PRICE);
        vm.warp(block.timestamp + wait % 70 days);
        vm.assertEq(payoutOf(payee), block.timestamp >= until ? PRICE : 0);
    }

    function testFuzz_RefundsWithinTheWindowOnly(uint8 window, uint32 wait, uint16 bps, bool coin) external {
        window = uint8(bound(window, 1, 60));
        bps = uint16(bound(bps, 0, 1000));
        setFee(bps);
        address currency = coin ? address(0) : address(token);
        uint256 id = list(lister, payee, window, prices(PRICE));
        ICourseMarket.Purchase memory bought = boughtBy(id, 0, PRICE, window);
        (bought.token, bought.fee) = (currency, uint256(PRICE) * bps / 10_000);
        uint256 before = balance(currency);
        buyAt(id, currency, PRICE);
        vm.assertEq(balance(currency), before - PRICE);

        vm.warp(block.timestamp + wait % 70 days);
        bool open = block.timestamp < bought.refundableUntil;
        if (!open) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    ICourseMarket.CourseMarket_WindowEnded.selector, bought.refundableUntil
                )
            );
        }
        vm.prank(learner);
        market.refund(bought);
        vm.assertEq(balance(currency), open ? before : before - PRICE);
        vm.assertTrue(market.hasPass(learner, id, 0) == !open);
    }

    /// @dev A ring of days against a list of sales: purchases, withdrawals and time in any order.
    function testFuzz_RingHoldsWhatTheListSays(uint8[6] calldata windows, uint32[6] calldata waits) external {
        uint256 withdrawn;
        for (uint256 i = 0; i < windows.length; ++i) {
            uint8 window = windows[i] % 61;
            uint256 amount = 1 + uint256(waits[i]) * 1e6;
            sales.push(Sale(window == 0 ? 0 : windowEnd(window), amount));
            buyAt(list(lister, payee, window, prices(PRICE)), address(0), amount);
            vm.warp(block.timestamp + waits[i] % 40 days);
            (uint256 free, uint256 held) = owed();
            vm.assertEq(payoutOf(payee), free - withdrawn);
            (uint256 net,) = market.heldFor(payee, address(0));
            vm.assertEq(net, held);
            if (waits[i] % 3 == 0 && free != withdrawn) withdrawn += withdraw(payee);
        }
        vm.warp(block.timestamp + 61 days);
        (uint256 all,) = owed();
        vm.assertEq(payoutOf(payee), all - withdrawn);
        vm.assertEq(address(market).balance, all - withdrawn);
    }

    /// @dev A stray sum beside any books: so much and no more can be sent back, and the books stay.
    function testFuzz_RescuesStraysOnly(
        uint96 amount,
        uint128 stray,
        uint128 asked,
        uint16 bps,
        uint8 window,
        bool paid,
        bool allowed
    ) external {
        amount = uint96(bound(amount, 1, type(uint96).max));
        setFee(uint16(bound(bps, 0, 1000)));
        buyAt(list(lister, payee, window % 61, prices(PRICE)), address(token), amount);
        if (paid && market.payoutOf(payee, address(token)) != 0) {
            vm.prank(payee);
            market.withdraw(address(token), payee);
        }
        vm.prank(owner);
        market.setTokenAllowed(address(token), allowed);
        uint256 owed_ = token.balanceOf(address(market));
        bytes32 before = booksOf(payee);
        token.mint(address(market), stray);

        bool right = asked != 0 && asked <= stray;
        if (!right) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IMarketTreasury.CourseMarket_NotSurplus.selector, address(token), stray, asked
                )
            );
        }
        vm.prank(owner);
        market.rescueERC20(address(token), stranger, asked);
        vm.assertEq(token.balanceOf(stranger), right ? asked : 0);
        vm.assertEq(token.balanceOf(address(market)), owed_ + stray - (right ? asked : 0));
        vm.assertEq(booksOf(payee), before);
    }

    /// @dev Two addresses of one token, and any sum owed under each: none of it can be sent away by either.
    function testFuzz_RescuesNothingOwedByEitherAddress(
        uint96 one,
        uint96 two,
        uint96 stray,
        uint128 asked,
        bool byTheSecond
    ) external {
        // Nothing, one time in three.
        (one, two) = (one % 3 == 0 ? 0 : one, two % 3 == 0 ? 0 : two);
        IToken double = deployToken("DoubleToken");
        allow(double);
        address entrance = double.entrance();
        vm.prank(owner);
        market.setTokenAllowed(entrance, true);
        if (one != 0) buyAt(course, address(double), one);
        if (two != 0) buyAt(list(lister, payee, prices(PRICE)), entrance, two);
        double.mint(address(market), stray);
        uint256 all = uint256(one) + two + stray;
        asked = uint128(bound(asked, 0, all + 1));

        // What strayed, by an address beside which nothing is owed under the other; else nothing.
        bool right = asked != 0 && asked <= stray && (byTheSecond ? one : two) == 0;
        if (!right) vm.expectRevert();
        vm.prank(owner);
        market.rescueERC20(byTheSecond ? entrance : address(double), stranger, asked);
        vm.assertEq(double.balanceOf(stranger), right ? asked : 0);
        vm.assertEq(double.balanceOf(address(market)), all - (right ? asked : 0));
        vm.assertEq(market.payoutOf(payee, address(double)), one);
        vm.assertEq(market.payoutOf(payee, entrance), two);
    }

    function testFuzz_QuoteHoldsForItsTermsOnly(ICourseMarket.Order calldata other, uint8 which) external {
        ICourseMarket.Order memory order = orderFor(course, 0, address(0), PRICE);
        bytes memory signature = quote(order);
        bytes32 digest = market.orderDigest(order);
        which = which % 6;
        if (which == 0) order.orderId = other.orderId;
        else if (which == 1) order.courseId = other.courseId;
        else if (which == 2) order.tier = other.tier;
        else if (which == 3) order.beneficiary = other.beneficiary;
        else if (which == 4) order.amount = bound(other.amount, 1, 1 ether);
        else order.deadline = other.deadline;
        vm.assume(market.orderDigest(order) != digest);
        vm.prank(buyer);
        vm.expectRevert();
        market.purchaseQuoted{value: order.amount}(order, signature);
    }

    function testFuzz_TakesNoOtherSignature(bytes calldata signature) external {
        ICourseMarket.Order memory order = orderFor(course, 0, address(0), PRICE);
        vm.assume(keccak256(signature) != keccak256(quote(order)));
        vm.prank(buyer);
        expectError(ICourseMarket.CourseMarket_QuoteInvalid.selector);
        market.purchaseQuoted{value: PRICE}(order, signature);
    }

    function testFuzz_AuthorizationPaysForItsOrderOnly(address beneficiary, bytes32 orderId) external {
        vm.assume(beneficiary != learner || orderId != ORDER);
        vm.prank(lister);
        market.setTokenPrice(course, 0, address(token), PRICE);
        token.mint(vm.addr(PAYER_KEY), PRICE);
        ICourseMarket.Order memory order = orderFor(course, 0, address(token), PRICE);
        ICourseMarket.Authorization memory authorization = authorizationBy(PAYER_KEY, token, order);
        (order.beneficiary, order.orderId) = (beneficiary, orderId);
        vm.expectRevert();
        market.purchaseWithAuthorization(order, "", authorization);
        vm.assertEq(token.balanceOf(vm.addr(PAYER_KEY)), PRICE);
    }

    function testFuzz_PurseKeepsItsParts(uint24 day, uint256 net, uint256 fee, uint256 more) external pure {
        (net, fee) = (bound(net, 0, PurseLib.MAX_SUM), bound(fee, 0, PurseLib.MAX_SUM));
        Purse purse = PurseLib.pack(day, net, fee);
        assertPurse(purse, day, net, fee);
        uint256 room = PurseLib.MAX_SUM - (net > fee ? net : fee);
        more = bound(more, 0, room);
        assertPurse(purse.plus(more, more), day, net + more, fee + more);
        assertPurse(purse.plus(more, more).minus(more, more), day, net, fee);
    }

    // -------------------------------------------------------------------------------------------- helpers

    /// @dev Buys the first tier by quote.
    function buyAt(uint256 courseId, address currency, uint256 amount) private {
        ICourseMarket.Order memory order = orderFor(courseId, 0, currency, amount);
        bytes memory signature = quote(order);
        if (currency == address(0)) {
            if (buyer.balance < amount) vm.deal(buyer, amount);
            vm.prank(buyer);
            market.purchaseQuoted{value: amount}(order, signature);
        } else {
            vm.prank(buyer);
            market.purchaseForTokens(order, signature);
        }
    }

    function balance(address currency) private view returns (uint256) {
        return currency == address(0) ? buyer.balance : token.balanceOf(buyer);
    }

    function booksOf(address who) private view returns (bytes32) {
        (uint256 net, uint256 fee) = market.heldFor(who, address(token));
        return keccak256(
            abi.encode(market.payoutOf(who, address(token)), market.feesOf(who, address(token)), net, fee)
        );
    }

    function owed() private view returns (uint256 free, uint256 held) {
        for (uint256 i = 0; i < sales.length; ++i) {
            if (sales[i].until <= block.timestamp) free += sales[i].amount;
            else held += sales[i].amount;
        }
    }

    function assertPurse(Purse purse, uint256 day, uint256 net, uint256 fee) private pure {
        vm.assertEq(purse.day(), day);
        vm.assertEq(purse.net(), net);
        vm.assertEq(purse.fee(), fee);
    }
}
