// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {AnyToken} from "./AnyToken.sol";
import {SymbolicTest} from "./SymbolicTest.sol";

/// @notice Refunds, at any time, of a purchase at any price, under any fee.
contract RefundSymbolicTest is SymbolicTest {
    address private constant PAYER = address(0xbeef);
    bytes32 private constant ORDER = "order";

    uint256 private price;
    uint256 private fee;

    /// @notice Whatever is refunded is the purchase that was made: in its window, for beneficiary or lister,
    /// to its payer, all of it, out of what is held for its payee. Its pass is gone.
    function check_RefundReturnsWhatWasPaid(
        ICourseMarket.Purchase memory bought,
        address caller,
        address beneficiary,
        uint256 time
    ) external {
        buy(beneficiary);
        fill(WAITING, COIN_CURRENCY);
        Books memory before = booksOf(WAITING, COIN);
        uint256 coins = address(market).balance;
        uint256 others = PAYER.balance;
        warp(time);
        vm.assume(try_(caller, 0, abi.encodeCall(ICourseMarket.refund, (bought))));

        vm.assertTrue(time < DUE * 1 days);
        vm.assertTrue(caller == beneficiary || caller == LISTER);
        assertIs(bought, beneficiary);
        vm.assertEq(PAYER.balance, others + price);
        vm.assertEq(address(market).balance, coins - price);
        vm.warp(START);
        Books memory now_ = booksOf(WAITING, COIN);
        vm.assertEq(now_.heldNet, before.heldNet - (price - fee));
        vm.assertEq(now_.heldFee, before.heldFee - fee);
        vm.assertTrue(now_.net == before.net && now_.fee == before.fee);
        vm.assertFalse(market.hasPass(beneficiary, windowed, 0));
    }

    /// @notice A payer that can not be paid is credited with as much.
    function check_RefundCreditsWhoRefuses(address beneficiary, uint256 time) external {
        buy(beneficiary);
        // An account whose code takes no coins: the token has none that would.
        vm.etch(PAYER, address(token).code);
        fill(PAYER, COIN_CURRENCY);
        uint256 owed = market.payoutOf(PAYER, COIN);
        uint256 coins = address(market).balance;
        warp(time);
        vm.assume(try_(beneficiary, 0, abi.encodeCall(ICourseMarket.refund, (purchase(beneficiary)))));
        vm.assertEq(market.payoutOf(PAYER, COIN), owed + price);
        vm.assertEq(address(market).balance, coins);
        vm.assertFalse(market.hasPass(beneficiary, windowed, 0));
    }

    /// @notice In the window the beneficiary's refund works, paused or not; after it nobody's does.
    function check_RefundWorksInItsWindow(address beneficiary, address caller, uint256 time, bool pause)
        external
    {
        buy(beneficiary);
        if (pause) {
            vm.prank(OWNER);
            market.pause();
        }
        warp(time);
        bytes memory call = abi.encodeCall(ICourseMarket.refund, (purchase(beneficiary)));
        if (time < DUE * 1 days) vm.assertTrue(try_(beneficiary, 0, call));
        else vm.assertFalse(try_(caller, 0, call));
    }

    /// @notice Nothing is refunded twice.
    function check_RefundIsNotRepeated(
        ICourseMarket.Purchase memory again,
        address beneficiary,
        address caller,
        uint256 time
    ) external {
        buy(beneficiary);
        vm.prank(beneficiary);
        market.refund(purchase(beneficiary));
        warp(time);
        vm.assertFalse(try_(caller, 0, abi.encodeCall(ICourseMarket.refund, (again))));
    }

    /// @notice No refund touches what anyone else has, nor their passes.
    function check_RefundLeavesOthersAlone(address beneficiary, address other, uint256 time) external {
        vm.assume(other != WAITING && other != PAYER && other != beneficiary);
        buy(beneficiary);
        fill(other, COIN_CURRENCY);
        fillHeld(other, COIN_CURRENCY);
        Books memory before = booksOf(other, COIN);
        bool had = market.hasPass(other, windowed, 0);
        warp(time);
        vm.assume(try_(beneficiary, 0, abi.encodeCall(ICourseMarket.refund, (purchase(beneficiary)))));
        vm.warp(START);
        assertSame(before, booksOf(other, COIN));
        vm.assertTrue(market.hasPass(other, windowed, 0) == had);
    }

    /// @notice A course without a window gives nothing back.
    function check_RefundNeedsAWindow(
        ICourseMarket.Purchase memory bought,
        address caller,
        address beneficiary
    ) external {
        vm.assume(beneficiary != address(0));
        vm.deal(PAYER, 1);
        vm.prank(PAYER);
        market.purchase{value: 1}(ORDER, course, 0, beneficiary);
        vm.assertFalse(try_(caller, 0, abi.encodeCall(ICourseMarket.refund, (bought))));
    }

    /// @notice Tokens go back as coins do, and the market knows that it owes so much less.
    function check_RefundReturnsTokens(address beneficiary, address caller, uint256 time) external {
        (ICourseMarket.Purchase memory bought, uint256 owed_) = buyForTokens(beneficiary);
        Books memory before = booksOf(WAITING, address(token));
        uint256 tokens = token.balanceOf(address(market));
        warp(time);
        vm.assume(try_(caller, 0, abi.encodeCall(ICourseMarket.refund, (bought))));

        vm.assertTrue(time < DUE * 1 days);
        vm.assertTrue(caller == beneficiary || caller == LISTER);
        vm.assertEq(token.balanceOf(PAYER), price);
        vm.assertEq(token.balanceOf(address(market)), tokens - price);
        vm.assertEq(owed(), owed_ - price);
        vm.warp(START);
        Books memory now_ = booksOf(WAITING, address(token));
        vm.assertEq(now_.heldNet, before.heldNet - (price - fee));
        vm.assertEq(now_.heldFee, before.heldFee - fee);
        vm.assertTrue(now_.net == before.net && now_.fee == before.fee);
        vm.assertFalse(market.hasPass(beneficiary, windowed, 0));
    }

    /// @notice In the window the beneficiary gets the tokens back, also when there are no more than theirs.
    function check_RefundOfTokensWorksInItsWindow(address beneficiary, uint256 time) external {
        (ICourseMarket.Purchase memory bought,) = buyForTokens(beneficiary);
        warp(time);
        bool refunded = try_(beneficiary, 0, abi.encodeCall(ICourseMarket.refund, (bought)));
        vm.assertTrue(refunded == time < DUE * 1 days);
        vm.assertEq(token.balanceOf(PAYER), refunded ? price : 0);
    }

    /// @notice Of a token that does anything, no more leaves than is refunded, or the payer is credited.
    function check_RefundOfAnyTokenTakesNoMore(
        address beneficiary,
        uint256 balance,
        uint256 moved,
        bool answer
    ) external {
        AnyToken any = AnyToken(create("AnyToken.sol/AnyToken.json", ""));
        vm.prank(OWNER);
        market.setTokenAllowed(address(any), true);
        price = 1000;
        vm.prank(LISTER);
        market.setTokenPrice(windowed, 0, address(any), 1000);
        any.set(0, price, true);
        vm.assume(beneficiary != address(0));
        ICourseMarket.Order memory order =
            ICourseMarket.Order(ORDER, windowed, 0, beneficiary, address(any), price, START);
        vm.prank(PAYER);
        market.purchaseForTokens(order, "");
        ICourseMarket.Purchase memory bought = purchase(beneficiary);
        bought.token = address(any);

        any.set(balance, moved, answer);
        vm.assume(try_(beneficiary, 0, abi.encodeCall(ICourseMarket.refund, (bought))));
        vm.assertTrue(!answer || moved >= balance || balance - moved <= price);
        vm.assertEq(owed(address(any)), answer ? 0 : price);
        vm.assertEq(market.payoutOf(PAYER, address(any)), answer ? 0 : price);
    }

    // -------------------------------------------------------------------------------------------- helpers

    /// @dev A purchase by {PAYER}, beside other money that is held until the same day.
    function buy(address beneficiary) private {
        uint256 bps = setAnyFee();
        price = svm.createUint(89, "price");
        fee = feeOf(price, bps);
        setPrice(windowed, uint96(price));
        fillHeld(WAITING, COIN_CURRENCY);
        vm.deal(PAYER, type(uint128).max);
        vm.deal(address(market), type(uint128).max);
        vm.assume(
            try_(PAYER, price, abi.encodeCall(ICourseMarket.purchase, (ORDER, windowed, 0, beneficiary)))
        );
    }

    /// @dev A purchase by {PAYER} at any price in the token, of which the market has and owes any sum before.
    function buyForTokens(address beneficiary)
        private
        returns (ICourseMarket.Purchase memory bought, uint256 owed_)
    {
        uint256 bps = setAnyFee();
        price = svm.createUint(96, "price");
        fee = feeOf(price, bps);
        vm.prank(LISTER);
        // forge-lint: disable-next-line(unsafe-typecast) it has 96 bits
        market.setTokenPrice(windowed, 0, address(token), uint96(price));
        fill(WAITING, TOKEN_CURRENCY);
        fillHeld(WAITING, TOKEN_CURRENCY);
        owed_ = svm.createUint(115, "owed");
        setOwed(owed_);
        token.mint(address(market), svm.createUint(116, "ofMarket"));
        token.mint(PAYER, price);
        vm.prank(PAYER);
        token.approve(address(market), price);
        ICourseMarket.Order memory order =
            ICourseMarket.Order(ORDER, windowed, 0, beneficiary, address(token), price, START);
        vm.assume(try_(PAYER, 0, abi.encodeCall(ICourseMarket.purchaseForTokens, (order, ""))));
        owed_ += price;
        bought = purchase(beneficiary);
        bought.token = address(token);
    }

    function purchase(address beneficiary) private view returns (ICourseMarket.Purchase memory) {
        return ICourseMarket.Purchase({
            orderId: ORDER,
            courseId: windowed,
            tier: 0,
            beneficiary: beneficiary,
            payer: PAYER,
            payee: WAITING,
            token: COIN,
            amount: price,
            fee: fee,
            refundableUntil: DUE * 1 days
        });
    }

    function assertIs(ICourseMarket.Purchase memory bought, address beneficiary) private view {
        vm.assertEq(keccak256(abi.encode(bought)), keccak256(abi.encode(purchase(beneficiary))));
    }

    /// @dev Any time from the purchase on, for about thirty thousand years.
    function warp(uint256 time) private {
        vm.assume(time >= START && time < 2 ** 40);
        vm.warp(time);
    }
}
