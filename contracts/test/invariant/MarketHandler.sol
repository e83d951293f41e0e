// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {IMarket} from "../utils/IMarket.sol";
import {IToken} from "../utils/IToken.sol";
import {Vm} from "../utils/Vm.sol";
import {MarketBooks} from "./MarketBooks.sol";

/// @notice Uses the market as people would, rightly and wrongly, and keeps books of its own.
contract MarketHandler is MarketBooks {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant SIGNER_KEY = uint256(keccak256("quote signer"));
    address private constant COIN = address(0);

    IMarket public immutable market;
    /// @dev Another market of the same signer: no quote of one may work in the other.
    IMarket private immutable elsewhere;
    IToken public immutable token;
    address private immutable owner;

    /// @notice The same few people list, earn and learn, so that their ways cross.
    address[] public people;
    uint256 public courseCount;
    uint256 private orderCount;

    constructor(IMarket market_, IMarket elsewhere_, IToken token_, address owner_) {
        (market, elsewhere, token, owner) = (market_, elsewhere_, token_, owner_);
        token.approve(address(market), type(uint256).max);
        for (uint160 i = 1; i <= 4; ++i) {
            people.push(address(i << 80));
        }
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

    function peopleCount() external view returns (uint256) {
        return people.length;
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
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNER_KEY, market.orderDigest(order));
        bytes memory signature = abi.encodePacked(r, s, v);
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

    function buy(uint256 course, uint8 tier, address holder, uint256 value) private {
        bool owned = market.hasPass(holder, course, tier);
        (uint256 price,) = market.tierOf(course, tier);
        bytes32 orderId = bytes32(++orderCount);
        vm.deal(address(this), value);
        try market.purchase{value: value}(orderId, course, tier, holder) {
            if (value != price || value == 0) ++soldAtAnotherPrice;
            note(owned, orderId, course, tier, holder, COIN, value);
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
        if (bought && where == market) {
            note(
                owned, order.orderId, order.courseId, order.tier, order.beneficiary, order.token, order.amount
            );
        }
    }

    function note(
        bool owned,
        bytes32 orderId,
        uint256 course,
        uint8 tier,
        address holder,
        address currency,
        uint256 amount
    ) private {
        (, address payee,, uint8 window) = market.listingOf(course);
        if (market.paused()) ++soldWhilePaused;
        if (owned) ++soldTwice;
        if (amount == 0) ++soldAtAnotherPrice;
        paid[currency] += amount;
        sales.push(
            Sale({
                bought: ICourseMarket.Purchase({
                    orderId: orderId,
                    courseId: course,
                    tier: tier,
                    beneficiary: holder,
                    payer: address(this),
                    payee: payee,
                    token: currency,
                    amount: amount,
                    fee: amount * market.feeBps() / 10_000,
                    refundableUntil: window == 0 ? 0 : (block.timestamp / 1 days + window + 1) * 1 days
                }),
                refunded: false
            })
        );
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
        uint256 id = (old.courseId * 8 + old.tier) << 160 | uint160(old.beneficiary);
        vm.prank(asOwner ? owner : old.beneficiary);
        try market.transferFrom(old.beneficiary, person(to), id) {
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
