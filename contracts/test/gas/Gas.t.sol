// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IToken} from "../utils/IToken.sol";
import {MarketTest} from "../utils/MarketTest.sol";

/// @notice Measures whole transactions: with `--isolate` forge runs each call as a transaction of its own,
/// the base of 21,000 and the call's data included. `npm run gas` reads what is written here.
contract GasTest is MarketTest {
    /// @dev All bytes of an address and an order id count in full, as random ones do.
    address private constant FIRST = address(uint160(0x00a1b2C3d4e5F6A7B8c9D0E1f2A3b4c5d6E7F8A9B1));
    bytes32 private constant RANDOM_ORDER = bytes32(type(uint256).max);
    bytes32 private constant UUID_ORDER = bytes32(uint256(type(uint128).max));

    IToken private token;
    uint256 private signers;
    uint256 private second;
    uint256 private third;
    uint256 private windowed;
    address private unheld = address(uint160(uint256(keccak256("payee without windows"))));
    uint256 private windowedSecond;
    string private figures;

    function setUp() public override {
        super.setUp();
        setFee(250);
        payee = address(uint160(uint256(keccak256("payee with a balance"))));
        course = list(lister, payee, prices(PRICE));
        second = list(lister, payee, prices(PRICE));
        third = list(lister, payee, prices(PRICE));
        windowed = list(lister, payee, WINDOW, prices(PRICE));
        windowedSecond = list(lister, payee, WINDOW, prices(PRICE));
        token = deployToken("Token", 6);
        allow(token);
        for (uint256 id = course; id <= windowedSecond; ++id) {
            vm.prank(lister);
            market.setTokenPrice(id, 0, address(token), uint96(PRICE));
        }
        token.mint(FIRST, 1e30);
        vm.deal(FIRST, 10 ether);
        vm.prank(owner);
        market.setFeePayee(lister);
        uint256 free = list(lister, unheld, prices(PRICE));
        vm.prank(lister);
        market.setTokenPrice(free, 0, address(token), uint96(PRICE));
        buyInEither(free);
        // The payee's purses, and the day's, are in use: somebody bought before.
        buyInEither(course);
        buyInEither(windowed);
    }

    /// @dev Somebody buys with coins, and somebody else with tokens.
    function buyInEither(uint256 id) private {
        buy(id, 0, PRICE);
        ICourseMarket.Order memory order = orderFor(id, 0, address(token), PRICE);
        order.beneficiary = stranger;
        vm.prank(buyer);
        market.purchaseForTokens(order, "");
    }

    function test_measure() external {
        purchase(course, RANDOM_ORDER);
        note("purchase, first of a buyer");
        purchase(second, RANDOM_ORDER);
        note("purchase, another course");
        purchase(third, UUID_ORDER);
        note("purchase, another course, order id a UUID");
        purchase(windowed, RANDOM_ORDER);
        note("purchase with a window, first of a buyer");
        purchase(windowedSecond, RANDOM_ORDER);
        note("purchase with a window, another course");
        measureQuoted(course, "purchaseQuoted, first of a buyer");
        measureQuoted(windowed, "purchaseQuoted with a window, first of a buyer");
        measureTokens(course, "");
        measureTokens(windowed, " with a window");

        measureRefund();
        vm.prank(payee);
        market.withdraw(address(0), payee);
        note("withdraw, nothing matured");
        vm.warp(windowEnd(WINDOW));
        vm.prank(payee);
        market.withdraw(address(0), payee);
        note("withdraw, a fortnight later");
        vm.prank(unheld);
        market.withdraw(address(0), unheld);
        note("withdraw, payee without windows");
        vm.prank(lister);
        market.withdrawFees(address(0), one(payee), lister);
        note("withdrawFees, one payee");
        vm.prank(unheld);
        market.withdraw(address(token), unheld);
        note("withdraw of tokens, payee without windows");
        vm.prank(FIRST);
        market.purchase{value: DEAR}(RANDOM_ORDER, 1, 2, FIRST);
        note("purchase, another course, first sale of its payee");

        measureFreshDays();

        address fresh = address(uint160(uint256(keccak256("fresh payee"))));
        list(lister, fresh, prices(PRICE));
        note("listCourse, one tier, new payee");
        list(lister, fresh, prices(PRICE, PRICE, DEAR));
        note("listCourse, three tiers");
        vm.prank(lister);
        market.setTier(course, 0, DEAR, true);
        note("setTier");
        vm.prank(lister);
        market.setTiers(course, prices(PRICE, PRICE, DEAR));
        note("setTiers, one tier to three");
        vm.prank(lister);
        market.setPayee(course, fresh);
        note("setPayee, three tiers");
        vm.prank(lister);
        market.setLister(course, fresh);
        note("setLister");
        token.mint(address(market), PRICE);
        vm.prank(owner);
        market.rescueERC20(address(token), stranger, PRICE);
        note("rescueERC20");
        pause();
        note("pause");
        vm.prank(owner);
        market.unpause();
        note("unpause");

        vm.writeJson(figures, "cache/gas/figures.json");
    }

    function one(address who) private pure returns (address[] memory list_) {
        list_ = new address[](1);
        list_[0] = who;
    }

    function measureRefund() private {
        ICourseMarket.Purchase memory bought = boughtBy(windowed, 0, PRICE, WINDOW);
        bought.fee = PRICE / 40;
        vm.prank(learner);
        market.refund(bought);
        note("refund");

        bought.token = address(token);
        bought.beneficiary = stranger;
        vm.prank(stranger);
        market.refund(bought);
        note("refund of tokens");
    }

    /// @dev Sales with a window of which each sets up a slot of the payee's ring, or comes to one that holds old
    /// sales still.
    function measureFreshDays() private {
        vm.warp(START + 1 days);
        vm.prank(FIRST);
        market.purchase{value: PRICE}(RANDOM_ORDER, windowed, 0, address(~uint160(FIRST) ^ 1));
        note("purchase with a window, first in one of a payee's 64 slots");
        vm.warp(START + 65 days);
        vm.prank(FIRST);
        market.purchase{value: PRICE}(RANDOM_ORDER, windowed, 0, address(~uint160(FIRST) ^ 2));
        note("purchase with a window, first of a day, nothing withdrawn for 64");
        vm.warp(START);
    }

    function purchase(uint256 courseId, bytes32 orderId) private {
        vm.prank(FIRST);
        market.purchase{value: PRICE}(orderId, courseId, 0, FIRST);
    }

    function measureQuoted(uint256 courseId, string memory operation) private {
        ICourseMarket.Order memory order = orderOf(courseId, address(0));
        order.beneficiary = address(~uint160(FIRST));
        bytes memory signature = quote(order);
        vm.prank(FIRST);
        market.purchaseQuoted{value: PRICE}(order, signature);
        note(operation);
    }

    function orderOf(uint256 courseId, address currency)
        private
        view
        returns (ICourseMarket.Order memory order)
    {
        order = orderFor(courseId, 0, currency, PRICE);
        order.orderId = RANDOM_ORDER;
        order.beneficiary = FIRST;
    }

    function measureTokens(uint256 courseId, string memory window) private {
        ICourseMarket.Order memory order = orderOf(courseId, address(token));

        // The allowance that a shop asks for: exactly the price.
        order.beneficiary = address(uint160(FIRST) ^ 1);
        vm.prank(FIRST);
        token.approve(address(market), PRICE);
        vm.prank(FIRST);
        market.purchaseForTokens(order, "");
        note(string.concat("purchaseForTokens", window, ", first of a buyer"));

        order.beneficiary = address(uint160(FIRST) ^ 5);
        vm.prank(FIRST);
        token.approve(address(market), type(uint256).max);
        vm.prank(FIRST);
        market.purchaseForTokens(order, "");
        note(string.concat("purchaseForTokens", window, ", first of a buyer, endless allowance"));

        order.beneficiary = address(uint160(FIRST) ^ 6);
        vm.prank(FIRST);
        token.approve(address(market), 10 * PRICE);
        vm.prank(FIRST);
        market.purchaseForTokens(order, "");
        note(string.concat("purchaseForTokens", window, ", first of a buyer, allowance for more"));

        order.beneficiary = address(uint160(FIRST) ^ 2);
        vm.prank(FIRST);
        token.approve(address(market), PRICE);
        bytes memory signature = quote(order);
        vm.prank(FIRST);
        market.purchaseForTokens(order, signature);
        note(string.concat("purchaseForTokens, quoted", window, ", first of a buyer"));

        order.beneficiary = address(uint160(FIRST) ^ 3);
        measurePermit(order, "", string.concat("purchaseWithPermit", window, ", first of a buyer"));
        order.beneficiary = address(uint160(FIRST) ^ 7);
        measurePermit(
            order, quote(order), string.concat("purchaseWithPermit, quoted", window, ", first of a buyer")
        );
        order.beneficiary = address(uint160(FIRST) ^ 4);
        measureAuthorization(
            order, "", string.concat("purchaseWithAuthorization", window, ", first of a buyer")
        );
        order.beneficiary = address(uint160(FIRST) ^ 8);
        measureAuthorization(
            order,
            quote(order),
            string.concat("purchaseWithAuthorization, quoted", window, ", first of a buyer")
        );
    }

    function measurePermit(ICourseMarket.Order memory order, bytes memory signature, string memory operation)
        private
    {
        uint256 key = newSigner();
        ICourseMarket.Permit memory permit = permitBy(key, token, order.amount);
        vm.prank(vm.addr(key));
        market.purchaseWithPermit(order, signature, permit);
        note(operation);
    }

    function measureAuthorization(
        ICourseMarket.Order memory order,
        bytes memory signature,
        string memory operation
    ) private {
        ICourseMarket.Authorization memory authorization = authorizationBy(newSigner(), token, order);
        vm.prank(FIRST);
        market.purchaseWithAuthorization(order, signature, authorization);
        note(operation);
    }

    /// @dev Somebody who never signed for the token before: their nonce takes a new slot.
    function newSigner() private returns (uint256 key) {
        key = uint256(keccak256(abi.encode("payer", ++signers)));
        token.mint(vm.addr(key), 1e30);
    }

    /// @dev What the last call cost, less what it got back.
    function note(string memory operation) private {
        figures = vm.serializeUint("figures", operation, vm.lastCallGas().gasTotalUsed);
    }
}
