// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {IToken} from "../utils/IToken.sol";
import {TokenMarketTest} from "../utils/TokenMarketTest.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

contract RescueTest is TokenMarketTest {
    uint256 private constant STRAY = 5;

    // ------------------------------------------------------------------------------- when it may not be

    function test_RevertWhen_RescuedByAnother() external {
        stray(token, STRAY);
        vm.prank(owner);
        market.setFeePayee(stranger);
        vm.prank(owner);
        market.setPauser(payee);
        address[4] memory others = [stranger, payee, lister, buyer];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, others[i]));
            market.rescueERC20(address(token), others[i], STRAY);
        }
    }

    function test_RevertWhen_RescuedIsNoToken() external {
        buy(course, 0, PRICE);
        expectNotAToken(address(0));
        rescue(address(0), stranger, PRICE);
        expectNotAToken(stranger);
        rescue(stranger, stranger, 1);
    }

    function test_RevertWhen_RescuedToNobody() external {
        stray(token, STRAY);
        expectError(IMarketErrors.CourseMarket_ZeroAddress.selector);
        rescue(address(token), address(0), STRAY);
    }

    function test_RevertWhen_RescuedToTheMarket() external {
        stray(token, STRAY);
        expectNotPaid(address(market), STRAY);
        rescue(address(token), address(market), STRAY);
    }

    function test_RevertWhen_NothingIsRescued() external {
        stray(token, STRAY);
        expectNotSurplus(token, STRAY, 0);
        rescue(address(token), stranger, 0);
    }

    function test_RevertWhen_RescuedAboveTheSurplus() external {
        buyFor("");
        expectNotSurplus(token, 0, 1);
        rescue(address(token), stranger, 1);
        stray(token, STRAY);
        expectNotSurplus(token, STRAY, STRAY + 1);
        rescue(address(token), stranger, STRAY + 1);
        expectNotSurplus(token, STRAY, type(uint256).max);
        rescue(address(token), stranger, type(uint256).max);
    }

    function test_RevertWhen_RescuedAboveTheBalance() external {
        IToken other = deployToken("Token", 18);
        stray(other, STRAY);
        expectNotSurplus(other, STRAY, STRAY + 1);
        rescue(address(other), stranger, STRAY + 1);
    }

    function test_RevertWhen_RescuedIsOwed() external {
        // Matured, held, and a fee on both; then a refund that waits, and a payout.
        setFee(1000);
        buyFor("");
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        buyFor(quote(order));
        expectNotSurplus(token, 0, 1);
        rescue(address(token), owner, 1);

        vm.prank(payee);
        market.withdraw(address(token), payee);
        ICourseMarket.Purchase memory bought = boughtBy(order.courseId, 0, DEAR, WINDOW);
        (bought.token, bought.fee) = (address(token), DEAR / 10);
        vm.prank(learner);
        market.refund(bought);
        vm.assertEq(token.balanceOf(address(market)), DEAR / 10);
        expectNotSurplus(token, 0, 1);
        rescue(address(token), owner, 1);
    }

    // -------------------------------------------------------------------------------- when all is right

    function test_EmitsTheRescue() external {
        stray(token, STRAY);
        vm.expectEmit(address(market));
        emit IMarketTreasury.ERC20Rescued(address(token), stranger, STRAY);
        rescue(address(token), stranger, STRAY);
    }

    function test_RescuesTheSurplus() external {
        buyFor("");
        stray(token, STRAY);
        rescue(address(token), stranger, STRAY);
        vm.assertEq(token.balanceOf(stranger), STRAY);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
        expectNotSurplus(token, 0, 1);
        rescue(address(token), stranger, 1);
        vm.prank(payee);
        vm.assertEq(market.withdraw(address(token), payee), DEAR);
    }

    function test_RescuesAPart() external {
        stray(token, STRAY);
        rescue(address(token), stranger, 1);
        vm.assertEq(token.balanceOf(stranger), 1);
        rescue(address(token), stranger, STRAY - 1);
        vm.assertEq(token.balanceOf(stranger), STRAY);
    }

    function test_RescuesATokenThatNeverWasListed() external {
        IToken other = deployToken("Token", 18);
        buyFor("");
        stray(other, STRAY);
        rescue(address(other), stranger, STRAY);
        vm.assertEq(other.balanceOf(stranger), STRAY);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
    }

    function test_RescuesOfATokenTakenOffTheList() external {
        buyFor("");
        vm.prank(owner);
        market.setTokenAllowed(address(token), false);
        stray(token, STRAY);
        expectNotSurplus(token, STRAY, STRAY + 1);
        rescue(address(token), stranger, STRAY + 1);
        rescue(address(token), stranger, STRAY);
        vm.assertEq(token.balanceOf(address(market)), DEAR);
    }

    function test_RescuesWhilePaused() external {
        stray(token, STRAY);
        pause();
        rescue(address(token), stranger, STRAY);
        vm.assertEq(token.balanceOf(stranger), STRAY);
    }

    function test_RescueLeavesTheBooksAlone() external {
        setFee(1000);
        buyFor("");
        order.courseId = list(lister, payee, WINDOW, prices(PRICE));
        buyFor(quote(order));
        stray(token, STRAY);
        bytes32 before = books();
        rescue(address(token), stranger, STRAY);
        vm.assertEq(books(), before);
    }

    function test_SellsAfterARescue() external {
        buyFor("");
        stray(token, STRAY);
        rescue(address(token), stranger, STRAY);
        order.beneficiary = stranger;
        buyFor("");
        vm.assertEq(payout(), 2 * uint256(DEAR));
        vm.assertEq(token.balanceOf(address(market)), 2 * uint256(DEAR));
    }

    // ------------------------------------------------------------------------------------------ helpers

    function books() private view returns (bytes32) {
        (uint256 net, uint256 fee) = market.heldFor(payee, address(token));
        return keccak256(abi.encode(payout(), market.feesOf(payee, address(token)), net, fee));
    }
}
