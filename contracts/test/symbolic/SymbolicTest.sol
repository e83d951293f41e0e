// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {IMarket} from "../utils/IMarket.sol";
import {IToken} from "../utils/IToken.sol";
import {Vm} from "../utils/Vm.sol";
import {Svm} from "./Svm.sol";

/// @notice A market as it is deployed, with any money in it.
/// @dev What a check takes as an argument is any value; so is what comes from `svm`. A check that assumes that
/// a call succeeded says what holds then: a call that reverts changes nothing.
abstract contract SymbolicTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    Svm internal constant svm = Svm(address(uint160(uint256(keccak256("svm cheat code")))));

    uint256 internal constant START = 1_900_000_000;
    uint256 internal constant TODAY = START / 1 days;
    uint8 internal constant WINDOW = 1;
    /// @dev The day on which a window ends that begins at {START}.
    uint256 internal constant DUE = TODAY + WINDOW + 1;

    address internal constant COIN = address(0);
    /// @dev The parts in keys of the coin, and of the token.
    uint256 internal constant COIN_CURRENCY = 0;
    uint256 internal constant TOKEN_CURRENCY = 1;

    address internal constant OWNER = address(0xa001);
    address internal constant LISTER = address(0xa002);
    address internal constant PAYEE = address(0xa003);
    /// @dev The payee of the course with a window.
    address internal constant WAITING = address(0xa004);
    address internal constant SIGNER = address(0xa005);
    address internal constant FEE_PAYEE = address(0xa006);

    /// @dev Where the market keeps its purses and tokens; `forge inspect CourseMarket storageLayout` tells.
    uint256 private constant PURSES_SLOT = 7;
    uint256 private constant TOKENS_SLOT = 8;

    IMarket internal market;
    IToken internal token;
    /// @dev One without, one with a window. The first tier of each is on sale for one unit.
    uint256 internal course;
    uint256 internal windowed;

    /// @dev What an account has in one currency.
    struct Books {
        uint256 net;
        uint256 fee;
        uint256 heldNet;
        uint256 heldFee;
    }

    /// @dev What a payee has in coins, and what there is of them.
    struct Money {
        Books books;
        uint256 market;
        uint256 payer;
    }

    function setUp() public virtual {
        vm.warp(START);
        market = IMarket(create("CourseMarket.sol/CourseMarket.json", abi.encode(OWNER)));
        token = IToken(create("Tokens.sol/Token.json", abi.encode(6)));
        vm.prank(OWNER);
        market.setQuoteSigner(SIGNER);
        vm.prank(OWNER);
        market.setFeePayee(FEE_PAYEE);
        vm.prank(OWNER);
        market.setTokenAllowed(address(token), true);
        course = list(PAYEE, 0);
        windowed = list(WAITING, WINDOW);
    }

    function create(string memory artifact, bytes memory arguments) internal returns (address created) {
        bytes memory code =
            bytes.concat(vm.getCode(string.concat("cache/symbolic/checks/", artifact)), arguments);
        assembly ("memory-safe") {
            created := create(0, add(code, 32), mload(code))
        }
        vm.assertTrue(created != address(0), "created");
    }

    function list(address payee, uint8 window) private returns (uint256 courseId) {
        IMarketListings.Tier[] memory tiers = new IMarketListings.Tier[](1);
        tiers[0] = IMarketListings.Tier({price: 1, active: true});
        vm.prank(LISTER);
        courseId = market.listCourse("course", payee, window, tiers);
        vm.prank(LISTER);
        market.setTokenPrice(courseId, 0, address(token), 1);
    }

    // -------------------------------------------------------------------------------------- any beginning

    /// @dev Any rate that the owner can set.
    function setAnyFee() internal returns (uint256 bps) {
        bps = svm.createUint(16, "bps");
        vm.assume(bps <= 1000);
        vm.prank(OWNER);
        // forge-lint: disable-next-line(unsafe-typecast) it has 16 bits
        market.setFee(uint16(bps));
    }

    /// @dev The fee on an amount. That it is a part of the amount (the rate is at most a tenth, and the amount
    /// has 96 bits) is told to the solver, which needs too long for products of unknowns.
    function feeOf(uint256 amount, uint256 bps) internal pure returns (uint256 fee) {
        unchecked {
            fee = amount * bps / 10_000;
        }
        vm.assume(fee <= amount);
    }

    function setPrice(uint256 courseId, uint96 price) internal {
        vm.assume(price < 2 ** 89);
        vm.prank(LISTER);
        market.setTier(courseId, 0, price, true);
    }

    /// @dev Any sums in an account's purse that leave room for more. The day is today's: nothing that matured
    /// waits to be looked through.
    function fill(address who, uint256 currency) internal {
        store(who, currency, 0, TODAY);
    }

    /// @dev Any sums that are held for an account until the day on which today's sales mature.
    function fillHeld(address who, uint256 currency) internal {
        store(who, currency, 1 + DUE % 64, DUE);
    }

    function store(address who, uint256 currency, uint256 place, uint256 day) internal {
        (uint256 net, uint256 fee) = (svm.createUint(114, "net"), svm.createUint(114, "fee"));
        uint256 key = place << 176 | currency << 160 | uint160(who);
        vm.store(
            address(market), keccak256(abi.encode(key, PURSES_SLOT)), bytes32(day << 232 | fee << 116 | net)
        );
    }

    /// @dev Tells the market that so much of the token is in its purses.
    function setOwed(uint256 owed_) internal {
        setOwed(address(token), owed_);
    }

    /// @dev The same of any token on its list.
    function setOwed(address token_, uint256 owed_) internal {
        bytes32 slot = keccak256(abi.encode(token_, TOKENS_SLOT));
        uint256 known = uint256(vm.load(address(market), slot)) % 2 ** 24;
        vm.store(address(market), slot, bytes32(owed_ << 24 | known));
    }

    /// @dev How much of the token the market believes to be in its purses.
    function owed() internal view returns (uint256) {
        return owed(address(token));
    }

    /// @dev The same of any token on its list.
    function owed(address token_) internal view returns (uint256) {
        return uint256(vm.load(address(market), keccak256(abi.encode(token_, TOKENS_SLOT)))) >> 24;
    }

    // ------------------------------------------------------------------------------------------- the books

    function booksOf(address who, address currency) internal view returns (Books memory books) {
        books.net = market.payoutOf(who, currency);
        books.fee = market.feesOf(who, currency);
        (books.heldNet, books.heldFee) = market.heldFor(who, currency);
    }

    /// @dev The coins before a purchase, for which the payer has exactly what they send.
    function moneyIn(address payee, address payer, uint256 value) internal returns (Money memory money) {
        vm.assume(payer != address(market));
        vm.deal(payer, value);
        money = Money(booksOf(payee, COIN), address(market).balance, payer.balance);
    }

    /// @dev The market has got what the payer gave, and owes that much more.
    function assertPaid(Money memory before, address payee, address payer, uint256 value) internal view {
        vm.assertEq(address(market).balance, before.market + value);
        vm.assertEq(payer.balance, 0);
        vm.assertEq(total(booksOf(payee, COIN)), total(before.books) + value);
    }

    function assertCredited(Books memory before, Books memory now_, uint256 net, uint256 fee) internal pure {
        vm.assertEq(now_.net, before.net + net);
        vm.assertEq(now_.fee, before.fee + fee);
        vm.assertTrue(now_.heldNet == before.heldNet && now_.heldFee == before.heldFee);
    }

    function assertHeld(Books memory before, Books memory now_, uint256 net, uint256 fee) internal pure {
        vm.assertEq(now_.heldNet, before.heldNet + net);
        vm.assertEq(now_.heldFee, before.heldFee + fee);
        vm.assertTrue(now_.net == before.net && now_.fee == before.fee);
    }

    function assertSame(Books memory before, Books memory now_) internal pure {
        assertCredited(before, now_, 0, 0);
    }

    function total(Books memory books) internal pure returns (uint256) {
        return books.net + books.fee + books.heldNet + books.heldFee;
    }

    /// @dev Calls the market; whether that succeeded.
    function try_(address from, uint256 value, bytes memory data) internal returns (bool success) {
        vm.prank(from);
        (success,) = address(market).call{value: value}(data);
    }
}
