// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarket} from "../utils/IMarket.sol";
import {Vm} from "../utils/Vm.sol";

/// @notice Uses the market as people would, rightly and wrongly, and keeps books of its own.
contract MarketHandler {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice A pass that was sold.
    struct Sale {
        address holder;
        uint256 courseId;
        uint8 tier;
    }

    IMarket public immutable market;
    address private immutable owner;

    /// @notice The same few people list, earn and learn, so that their ways cross.
    address[] public people;
    uint256 public courseCount;

    Sale[] private sales;
    mapping(address holder => uint256) public passesOf;
    mapping(address payee => uint256) public owedTo;
    uint256 public paid;
    uint256 public withdrawn;

    /// @notice What must never happen, counted.
    uint256 public soldWhilePaused;
    uint256 public soldTwice;
    uint256 public soldAtAnotherPrice;
    uint256 public moved;
    uint256 public withdrawalsRefused;

    constructor(IMarket market_, address owner_) {
        (market, owner) = (market_, owner_);
        for (uint160 i = 1; i <= 4; ++i) {
            people.push(address(i << 80));
        }
        // Something to sell from the first step on.
        uint96[] memory prices = new uint96[](8);
        for (uint96 i = 0; i < 8; ++i) {
            prices[i] = (i + 1) * 1 gwei;
        }
        for (uint256 i = 0; i < people.length; ++i) {
            vm.prank(people[i]);
            market.listCourse(bytes32(i), people[i], prices);
            ++courseCount;
        }
    }

    function peopleCount() external view returns (uint256) {
        return people.length;
    }

    function saleCount() external view returns (uint256) {
        return sales.length;
    }

    function sale(uint256 i) external view returns (Sale memory) {
        return sales[i];
    }

    // ------------------------------------------------------------------------------------------- listings

    function list(uint256 by, uint256 payee, uint96[8] calldata any, uint256 length) external {
        vm.prank(person(by));
        market.listCourse(bytes32(by), person(payee), priceList(any, length));
        ++courseCount;
    }

    function setTier(uint256 course, uint8 tier, uint96 price, bool active) external {
        price = priceOf(price);
        prankLister(course);
        market.setTier(courseAt(course), tier % 8, price, active && price != 0);
    }

    function setTiers(uint256 course, uint96[8] calldata any, uint256 length) external {
        prankLister(course);
        market.setTiers(courseAt(course), priceList(any, length));
    }

    function setPayee(uint256 course, uint256 payee) external {
        prankLister(course);
        market.setPayee(courseAt(course), person(payee));
    }

    function setLister(uint256 course, uint256 lister) external {
        prankLister(course);
        market.setLister(courseAt(course), person(lister));
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

    /// @notice Buys a pass again that was sold.
    function purchaseAgain(uint256 which) external {
        if (sales.length == 0) return;
        Sale memory old = sales[which % sales.length];
        (uint256 price,) = market.tierOf(old.courseId, old.tier);
        buy(old.courseId, old.tier, old.holder, price);
    }

    function buy(uint256 course, uint8 tier, address holder, uint256 value) private {
        bool owned = market.hasPass(holder, course, tier);
        (uint256 price,) = market.tierOf(course, tier);
        vm.deal(address(this), value);
        try market.purchase{value: value}(course, tier, holder, bytes32(value)) {
            (, address payee,) = market.listingOf(course);
            if (market.paused()) ++soldWhilePaused;
            if (owned) ++soldTwice;
            if (value != price || value == 0) ++soldAtAnotherPrice;
            sales.push(Sale(holder, course, tier));
            ++passesOf[holder];
            owedTo[payee] += value;
            paid += value;
        } catch {}
    }

    // ---------------------------------------------------------------------------------------- withdrawals

    function withdraw(uint256 payee, uint256 to) external {
        address who = person(payee);
        uint256 owed = owedTo[who];
        vm.prank(who);
        try market.withdraw(payable(person(to))) returns (uint256 amount) {
            withdrawn += amount;
            owedTo[who] -= amount;
        } catch {
            if (owed != 0) ++withdrawalsRefused;
        }
    }

    // -------------------------------------------------------------------------------------------- control

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
        Sale memory old = sales[which % sales.length];
        uint256 id = (old.courseId * 8 + old.tier) << 160 | uint160(old.holder);
        vm.prank(asOwner ? owner : old.holder);
        try market.transferFrom(old.holder, person(to), id) {
            ++moved;
        } catch {}
    }

    // -------------------------------------------------------------------------------------------- helpers

    function person(uint256 any) private view returns (address) {
        return people[any % people.length];
    }

    function courseAt(uint256 any) private view returns (uint256) {
        return 1 + any % courseCount;
    }

    /// @dev The first tier on sale from a random one on, in the courses' order; or the random one.
    function onSale(uint256 anyCourse, uint8 anyTier) private view returns (uint256 course, uint8 tier) {
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

    function priceOf(uint96 any) private pure returns (uint96) {
        return any % 2 ** 95;
    }

    function priceList(uint96[8] calldata any, uint256 length) private pure returns (uint96[] memory list_) {
        list_ = new uint96[](length % 9);
        for (uint256 i = 0; i < list_.length; ++i) {
            list_[i] = priceOf(any[i]);
        }
    }

    function prankLister(uint256 course) private {
        (address lister,,) = market.listingOf(courseAt(course));
        vm.prank(lister);
    }
}
