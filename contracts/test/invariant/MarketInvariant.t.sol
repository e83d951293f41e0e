// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarket} from "../utils/IMarket.sol";
import {IToken} from "../utils/IToken.sol";
import {MarketTest} from "../utils/MarketTest.sol";
import {MarketHandler} from "./MarketHandler.sol";

contract MarketInvariantTest is MarketTest {
    MarketHandler private handler;
    IToken private token;

    function setUp() public override {
        super.setUp();
        // A market of its own: every course in it is the handler's.
        market = deploy();
        IMarket elsewhere = deploy();
        token = deployToken("Token", 6);
        vm.prank(owner);
        market.setTokenAllowed(address(token), true);
        vm.prank(owner);
        market.setFeePayee(owner);
        handler = new MarketHandler(market, elsewhere, token, owner);
    }

    /// @dev Forge calls the handler, and nothing else.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_MoneyInIsBalancesHeldWithdrawnAndRefunded() external view {
        assertBooks(address(0), address(market).balance);
        assertBooks(address(token), token.balanceOf(address(market)));
        vm.assertEq(handler.wrongPayouts(), 0, "paid too much, too little or too early");
        vm.assertEq(handler.wrongRefunds(), 0, "refunded to the wrong, or too late");
        vm.assertEq(handler.refundsRefused(), 0, "a rightful refund was refused");
    }

    function invariant_ARescueTakesStraysOnly() external view {
        vm.assertEq(handler.wrongRescues(), 0, "rescued what is owed, or a stray was not");
        vm.assertTrue(handler.rescued(address(token)) <= handler.strayed(address(token)), "more than strayed");
        vm.assertTrue(token.balanceOf(address(market)) >= owedIn(address(token)), "less than owed");
    }

    function invariant_OnePassPerPurchase() external view {
        for (uint256 i = 0; i < handler.peopleCount(); ++i) {
            address who = handler.people(i);
            vm.assertEq(market.balanceOf(who), handler.passesOf(who));
        }
        vm.assertEq(handler.soldTwice(), 0, "sold twice");
    }

    function invariant_PassesNeverMove() external view {
        for (uint256 i = 0; i < handler.saleCount(); ++i) {
            if (!handler.lasts(i)) continue;
            ICourseMarket.Purchase memory bought = handler.sale(i).bought;
            uint256 id = passId(bought.beneficiary, bought.courseId, bought.tier);
            vm.assertEq(market.ownerOf(id), bought.beneficiary);
            vm.assertTrue(market.locked(id));
            vm.assertTrue(market.hasPass(bought.beneficiary, bought.courseId, bought.tier));
        }
        vm.assertEq(handler.moved(), 0, "moved");
    }

    function invariant_ARefundedPassIsGone() external view {
        for (uint256 i = 0; i < handler.saleCount(); ++i) {
            if (handler.lasts(i) || boughtAgain(i)) continue;
            ICourseMarket.Purchase memory bought = handler.sale(i).bought;
            vm.assertFalse(market.hasPass(bought.beneficiary, bought.courseId, bought.tier));
        }
    }

    function invariant_SellsOnlyWhatIsOnSaleAtItsPrice() external view {
        vm.assertEq(handler.soldWhilePaused(), 0, "sold while paused");
        vm.assertEq(handler.soldAtAnotherPrice(), 0, "sold at another price");
        for (uint256 id = 1; id <= handler.courseCount(); ++id) {
            (,, uint8 tierCount,) = market.listingOf(id);
            for (uint8 tier = tierCount; tier < 8; ++tier) {
                assertTier(id, tier, 0, false);
            }
        }
    }

    function invariant_NoPriceWaitsForATier() external view {
        vm.assertEq(handler.wrongPrices(), 0, "priced what is no tier, or a tier was not");
        for (uint256 id = 1; id <= handler.courseCount(); ++id) {
            for (uint8 tier = 0; tier < 8; ++tier) {
                (uint256 price, bool active) = market.tierOf(id, tier);
                if (price != 0 || active) continue;
                vm.assertEq(market.tokenPriceOf(id, tier, address(token)), 0, "waits");
            }
        }
    }

    function invariant_AQuoteWorksOnce() external view {
        vm.assertEq(handler.quotesUsedTwice(), 0, "twice");
        vm.assertEq(handler.quotesUsedElsewhere(), 0, "elsewhere");
    }

    function invariant_ASignatureSellsWhatItIsFor() external view {
        vm.assertEq(handler.wrongSignedSales(), 0, "sold without a right signature, or price");
        vm.assertEq(handler.signedSalesRefused(), 0, "a rightful purchase by signature was refused");
    }

    function invariant_TheFeeKeepsBelowItsCeiling() external view {
        vm.assertTrue(market.feeBps() <= 1000);
        for (uint256 i = 0; i < handler.saleCount(); ++i) {
            ICourseMarket.Purchase memory bought = handler.sale(i).bought;
            vm.assertTrue(bought.fee * 10 <= bought.amount);
        }
    }

    /// @dev Wherever a run ended, both ways to pay by signature still sell: the handler does not only try.
    function afterInvariant() external {
        handler.unpause();
        uint96[8] memory prices_;
        (prices_[0], prices_[1]) = (1, 1);
        handler.list(0, 0, 0, prices_, 2);
        uint256 fresh = handler.courseCount() - 1;
        (uint256 byPermit, uint256 byAuthorization) = (handler.soldByPermit(), handler.soldByAuthorization());
        handler.purchaseWithPermit(fresh, 0, 0, 1, 0);
        vm.assertEq(handler.soldByPermit(), byPermit + 1, "by permit");
        handler.purchaseWithAuthorization(fresh, 1, 0, 1, 0);
        vm.assertEq(handler.soldByAuthorization(), byAuthorization + 1, "by authorization");
    }

    /// @dev What the market says it owes each payee, and the platform, is what the handler's books say; and
    /// with what left the market it is what came in.
    function assertBooks(address currency, uint256 balance) private view {
        uint256 owed;
        for (uint256 i = 0; i < handler.peopleCount(); ++i) {
            address who = handler.people(i);
            (uint256 free, uint256 freeFee, uint256 held, uint256 heldFee) = handler.earned(who, currency);
            free -= handler.withdrawnBy(who, currency);
            freeFee -= handler.feesFetchedOf(who, currency);
            vm.assertEq(market.payoutOf(who, currency), free, "payout");
            vm.assertEq(market.feesOf(who, currency), freeFee, "fees");
            (uint256 net, uint256 fee) = market.heldFor(who, currency);
            vm.assertEq(net, held, "held");
            vm.assertEq(fee, heldFee, "fees held");
            owed += free + freeFee + held + heldFee;
        }
        vm.assertEq(owed, owedIn(currency), "owed");
        vm.assertEq(balance, owed + handler.strayed(currency) - handler.rescued(currency), "balance");
        uint256 left =
            handler.withdrawn(currency) + handler.refunded(currency) + handler.feesFetched(currency);
        vm.assertEq(handler.paid(currency), owed + left, "money in");
    }

    /// @dev What the market says that it owes, to everyone.
    function owedIn(address currency) private view returns (uint256 owed) {
        for (uint256 i = 0; i < handler.peopleCount(); ++i) {
            address who = handler.people(i);
            (uint256 net, uint256 fee) = market.heldFor(who, currency);
            owed += market.payoutOf(who, currency) + market.feesOf(who, currency) + net + fee;
        }
    }

    /// @dev Whether the pass of a sale was sold to its holder again later.
    function boughtAgain(uint256 which) private view returns (bool) {
        ICourseMarket.Purchase memory old = handler.sale(which).bought;
        for (uint256 i = which + 1; i < handler.saleCount(); ++i) {
            ICourseMarket.Purchase memory later = handler.sale(i).bought;
            if (
                handler.lasts(i) && later.beneficiary == old.beneficiary && later.courseId == old.courseId
                    && later.tier == old.tier
            ) return true;
        }
        return false;
    }
}
