// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {IMarket} from "../utils/IMarket.sol";
import {IToken} from "../utils/IToken.sol";
import {PurchaseHandler} from "./PurchaseHandler.sol";

/// @notice Uses the market as people would, rightly and wrongly, and keeps books of its own. Purchases are
/// those of {PurchaseHandler}.
contract MarketHandler is PurchaseHandler {
    address private immutable owner;

    constructor(IMarket market_, IMarket elsewhere_, IToken token_, address owner_)
        PurchaseHandler(market_, elsewhere_, token_)
    {
        owner = owner_;
        // Something to sell from the first step on: half of it with a window.
        IMarketListings.Tier[] memory tiers = new IMarketListings.Tier[](8);
        for (uint96 i = 0; i < 8; ++i) {
            tiers[i] = IMarketListings.Tier({price: (i + 1) * 1 gwei, active: true});
        }
        for (uint256 i = 0; i < people.length; ++i) {
            // forge-lint: disable-next-line(unsafe-typecast) 0 to 3
            uint8 window = uint8(i) * 7;
            vm.prank(people[i]);
            uint256 id = market.listCourse(bytes32(i), people[i], window, tiers);
            vm.prank(people[i]);
            elsewhere.listCourse(bytes32(i), people[i], window, tiers);
            vm.prank(people[i]);
            market.setTokenPrice(id, 0, address(token), 1e6);
            ++courseCount;
        }
    }

    /// @notice Lets time pass: minutes mostly, weeks at times.
    function wait(uint32 any) external {
        vm.warp(block.timestamp + (any % 4 == 0 ? any % 30 days : any % 1 days));
    }

    // ------------------------------------------------------------------------------------------- listings

    function list(uint256 by, uint256 payee, uint8 window, uint96[8] calldata any, uint256 length) external {
        vm.prank(person(by));
        market.listCourse(
            bytes32(by), person(payee), window % 2 == 0 ? 0 : window % 61, priceList(any, length)
        );
        ++courseCount;
    }

    function setTier(uint256 course, uint8 tier, uint96 price, bool active) external {
        prankLister(course);
        market.setTier(courseAt(course), tier % 8, price % 2 ** 89, active);
    }

    function setTiers(uint256 course, uint96[8] calldata any, uint256 length) external {
        prankLister(course);
        market.setTiers(courseAt(course), priceList(any, length));
    }

    /// @notice Sets a price in tokens: works where there is a tier.
    function setTokenPrice(uint256 course, uint8 tier, uint96 price) external {
        (uint256 listed, bool active) = market.tierOf(courseAt(course), tier % 8);
        bool right = price == 0 || listed != 0 || active;
        prankLister(course);
        try market.setTokenPrice(courseAt(course), tier % 8, address(token), price) {
            if (!right) ++wrongPrices;
        } catch {
            if (right) ++wrongPrices;
        }
    }

    function setWindow(uint256 course, uint8 window) external {
        (,,, uint8 before) = market.listingOf(courseAt(course));
        if (before == 0) return;
        prankLister(course);
        market.setWindow(courseAt(course), 1 + window % 60);
    }

    function setPayee(uint256 course, uint256 payee) external {
        prankLister(course);
        market.setPayee(courseAt(course), person(payee));
    }

    function setLister(uint256 course, uint256 lister) external {
        prankLister(course);
        market.setLister(courseAt(course), person(lister));
    }

    // ------------------------------------------------------------------------------------ money goes out

    /// @notice Refunds a purchase as its holder, the course's lister, or anyone.
    function refund(uint256 which, uint256 by) external {
        if (sales.length == 0) return;
        uint256 i = which % sales.length;
        ICourseMarket.Purchase memory bought = sales[i].bought;
        (address lister,,,) = market.listingOf(bought.courseId);
        address caller = by % 3 == 0 ? lister : by % 3 == 1 ? bought.beneficiary : person(by);
        bool right = (caller == lister || caller == bought.beneficiary) && !sales[i].refunded
            && block.timestamp < bought.refundableUntil;
        vm.prank(caller);
        try market.refund(bought) {
            if (!right) ++wrongRefunds;
            sales[i].refunded = true;
            refundedAt[idOf(bought.courseId, bought.tier, bought.beneficiary)] = block.timestamp;
            refunded[bought.token] += bought.amount;
        } catch {
            if (right) ++refundsRefused;
        }
    }

    function withdraw(uint256 payee, uint256 to, bool coin) external {
        address who = person(payee);
        address currency = coin ? COIN : address(token);
        (uint256 free,,,) = earned(who, currency);
        uint256 owed = free - withdrawnBy[who][currency];
        vm.prank(who);
        try market.withdraw(currency, person(to)) returns (uint256 amount) {
            if (amount != owed) ++wrongPayouts;
            withdrawnBy[who][currency] += amount;
            withdrawn[currency] += amount;
        } catch {
            if (owed != 0) ++wrongPayouts;
        }
    }

    function withdrawFees(uint256 payee, uint256 to, bool coin) external {
        address[] memory payees = new address[](1);
        payees[0] = person(payee);
        address currency = coin ? COIN : address(token);
        (, uint256 free,,) = earned(payees[0], currency);
        uint256 owed = free - feesFetchedOf[payees[0]][currency];
        vm.prank(owner);
        try market.withdrawFees(currency, payees, person(to)) returns (uint256 amount) {
            if (amount != owed) ++wrongPayouts;
            feesFetchedOf[payees[0]][currency] += amount;
            feesFetched[currency] += amount;
        } catch {
            if (owed != 0) ++wrongPayouts;
        }
    }

    /// @notice Sends tokens to the market that pay for nothing.
    function stray(uint96 amount) external {
        token.mint(address(market), amount);
        strayed[address(token)] += amount;
    }

    /// @notice Sends strays back, as the owner or anyone: any sum, some of them more than strayed.
    function rescue(uint256 by, uint256 to, uint256 any) external {
        uint256 surplus = strayed[address(token)] - rescued[address(token)];
        uint256 amount = any % 3 == 0 ? surplus : any % (surplus + 2);
        address caller = by % 4 == 0 ? person(by) : owner;
        bool right = caller == owner && amount != 0 && amount <= surplus;
        vm.prank(caller);
        try market.rescueERC20(address(token), person(to), amount) {
            if (!right) ++wrongRescues;
            rescued[address(token)] += amount;
        } catch {
            if (right) ++wrongRescues;
        }
    }

    /// @notice Asks for what is owed: the whole balance, once something is owed.
    function rescueWhatIsOwed(uint256 to) external {
        uint256 balance = token.balanceOf(address(market));
        if (balance == strayed[address(token)] - rescued[address(token)]) return;
        vm.prank(owner);
        try market.rescueERC20(address(token), person(to), balance) {
            ++wrongRescues;
        } catch {}
    }

    receive() external payable {}

    // -------------------------------------------------------------------------------------------- control

    function setFee(uint16 bps) external {
        vm.prank(owner);
        market.setFee(bps % 1001);
    }

    function setFeeTooHigh(uint16 bps) external {
        vm.prank(owner);
        try market.setFee(1001 + bps % 60_000) {} catch {}
    }

    /// @notice Pauses one time in four, so that most of a run sells.
    function pause(uint256 dice) external {
        if (dice % 4 != 0 || market.paused()) return;
        vm.prank(owner);
        market.pause();
    }

    function unpause() external {
        if (!market.paused()) return;
        vm.prank(owner);
        market.unpause();
    }

    /// @notice Tries to move a pass, as its holder or as the owner of the market.
    function move(uint256 which, uint256 to, bool asOwner) external {
        if (sales.length == 0) return;
        ICourseMarket.Purchase memory old = sales[which % sales.length].bought;
        uint256 id = idOf(old.courseId, old.tier, old.beneficiary);
        vm.prank(asOwner ? owner : old.beneficiary);
        try market.transferFrom(old.beneficiary, person(to), id) {
            ++moved;
        } catch {}
    }

    // -------------------------------------------------------------------------------------------- helpers

    function priceList(uint96[8] calldata any, uint256 length)
        private
        pure
        returns (IMarketListings.Tier[] memory tiers)
    {
        tiers = new IMarketListings.Tier[](length % 9);
        for (uint256 i = 0; i < tiers.length; ++i) {
            tiers[i] = IMarketListings.Tier({price: any[i] % 2 ** 89, active: any[i] % 3 != 0});
        }
    }

    function prankLister(uint256 course) private {
        (address lister,,,) = market.listingOf(courseAt(course));
        vm.prank(lister);
    }
}
