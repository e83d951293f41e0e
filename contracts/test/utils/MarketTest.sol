// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketListings} from "../../src/interfaces/IMarketListings.sol";
import {IMarket} from "./IMarket.sol";
import {IToken} from "./IToken.sol";
import {Signatures} from "./Signatures.sol";
import {Vm} from "./Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice A market with one course, and the people around it.
abstract contract MarketTest {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint96 internal constant PRICE = 0.01 ether;
    uint96 internal constant DEAR = 0.25 ether;
    bytes32 internal constant COURSE_REF = keccak256("course");
    bytes32 internal constant ORDER = keccak256("order");
    uint256 internal constant SIGNER_KEY = uint256(keccak256("quote signer"));
    uint8 internal constant WINDOW = 14;
    uint256 internal constant START = 1_900_000_000;

    IMarket internal market;
    /// @dev Tier 0 at PRICE, none at 1, tier 2 at DEAR.
    uint256 internal course;

    address internal owner = account("owner");
    address internal lister = account("lister");
    address internal payee = account("payee");
    address internal buyer = account("buyer");
    address internal learner = account("learner");
    address internal stranger = account("stranger");

    function setUp() public virtual {
        vm.warp(START);
        market = deploy();
        course = list(lister, payee, prices(PRICE, 0, DEAR));
        vm.deal(buyer, 1000 ether);
    }

    function deploy() internal returns (IMarket deployed) {
        deployed = IMarket(vm.deployCode("CourseMarket.sol:CourseMarket", abi.encode(owner)));
        vm.label(address(deployed), "market");
        vm.prank(owner);
        deployed.setQuoteSigner(vm.addr(SIGNER_KEY));
    }

    function account(string memory name) internal returns (address who) {
        who = address(uint160(uint256(keccak256(bytes(name)))));
        vm.label(who, name);
    }

    function prices() internal pure returns (IMarketListings.Tier[] memory none) {
        none = new IMarketListings.Tier[](0);
    }

    function prices(uint96 first) internal pure returns (IMarketListings.Tier[] memory one) {
        one = new IMarketListings.Tier[](1);
        one[0] = tierAt(first);
    }

    function prices(uint96 first, uint96 second, uint96 third)
        internal
        pure
        returns (IMarketListings.Tier[] memory three)
    {
        three = new IMarketListings.Tier[](3);
        (three[0], three[1], three[2]) = (tierAt(first), tierAt(second), tierAt(third));
    }

    /// @dev On sale at a price, or no tier.
    function tierAt(uint96 price) internal pure returns (IMarketListings.Tier memory) {
        return IMarketListings.Tier({price: price, active: price != 0});
    }

    function list(address by, address credited, IMarketListings.Tier[] memory tiers)
        internal
        returns (uint256)
    {
        return list(by, credited, 0, tiers);
    }

    function list(address by, address credited, uint8 window, IMarketListings.Tier[] memory tiers)
        internal
        returns (uint256)
    {
        vm.prank(by);
        return market.listCourse(COURSE_REF, credited, window, tiers);
    }

    /// @dev The buyer pays, the learner gets the pass.
    function buy(uint256 courseId, uint8 tier, uint256 value) internal {
        vm.prank(buyer);
        market.purchase{value: value}(ORDER, courseId, tier, learner);
    }

    function pause() internal {
        vm.prank(owner);
        market.pause();
    }

    // ------------------------------------------------------------------------------------ money and time

    function setFee(uint16 bps) internal {
        vm.prank(owner);
        market.setFee(bps);
    }

    /// @dev What an account can withdraw of the chain's coin.
    function payoutOf(address who) internal view returns (uint256) {
        return market.payoutOf(who, address(0));
    }

    /// @dev Takes it, to the account itself.
    function withdraw(address who) internal returns (uint256) {
        vm.prank(who);
        return market.withdraw(address(0), who);
    }

    /// @dev The midnight at which a window of so many days ends that begins now.
    function windowEnd(uint256 window) internal view returns (uint256) {
        return (block.timestamp / 1 days + window + 1) * 1 days;
    }

    /// @dev What a purchase with the chain's coin left behind: the buyer paid, without a fee.
    function boughtBy(uint256 courseId, uint8 tier, uint256 amount, uint256 window)
        internal
        view
        returns (ICourseMarket.Purchase memory)
    {
        return ICourseMarket.Purchase({
            orderId: ORDER,
            courseId: courseId,
            tier: tier,
            beneficiary: learner,
            payer: buyer,
            payee: payee,
            token: address(0),
            amount: amount,
            fee: 0,
            refundableUntil: windowEnd(window)
        });
    }

    // --------------------------------------------------------------------------------------------- tokens

    /// @dev A token of test/mocks/Tokens.sol.
    function deployToken(string memory kind) internal returns (IToken) {
        return IToken(vm.deployCode(string.concat("Tokens.sol:", kind), ""));
    }

    /// @dev The same, of a kind that takes its decimals.
    function deployToken(string memory kind, uint8 decimals) internal returns (IToken) {
        return IToken(vm.deployCode(string.concat("Tokens.sol:", kind), abi.encode(decimals)));
    }

    /// @dev A token that purchases may be paid in, of which the buyer has plenty, and the market may take all.
    function allow(IToken token) internal {
        vm.prank(owner);
        market.setTokenAllowed(address(token), true);
        token.mint(buyer, 1e30);
        vm.prank(buyer);
        // Some tokens answer nothing.
        (bool approved,) =
            address(token).call(abi.encodeCall(IERC20.approve, (address(market), type(uint256).max)));
        vm.assertTrue(approved);
    }

    /// @dev A permit to the market.
    function permitBy(uint256 key, IToken token, uint256 amount)
        internal
        view
        returns (ICourseMarket.Permit memory)
    {
        return Signatures.permit(key, market, token, amount);
    }

    /// @dev An authorization to the market, for an order.
    function authorizationBy(uint256 key, IToken token, ICourseMarket.Order memory order)
        internal
        view
        returns (ICourseMarket.Authorization memory)
    {
        return Signatures.authorization(key, market, token, order);
    }

    // --------------------------------------------------------------------------------------------- orders

    /// @dev An order of the learner's, good for a quarter of an hour.
    function orderFor(uint256 courseId, uint8 tier, address token, uint256 amount)
        internal
        view
        returns (ICourseMarket.Order memory)
    {
        return ICourseMarket.Order({
            orderId: ORDER,
            courseId: courseId,
            tier: tier,
            beneficiary: learner,
            token: token,
            amount: amount,
            deadline: block.timestamp + 15 minutes
        });
    }

    /// @dev The platform's signature over an order.
    function quote(ICourseMarket.Order memory order) internal view returns (bytes memory) {
        return quoteBy(SIGNER_KEY, order);
    }

    function quoteBy(uint256 key, ICourseMarket.Order memory order) internal view returns (bytes memory) {
        return Signatures.quote(key, market, order);
    }

    function passId(address holder, uint256 courseId, uint8 tier) internal pure returns (uint256) {
        return (courseId * 8 + tier) << 160 | uint160(holder);
    }

    /// @dev The next call names an account, or pays it, that takes no money.
    function expectNotPaid(address to, uint256 amount) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IMarketErrors.CourseMarket_TransferFailed.selector, to, amount)
        );
    }

    function expectError(bytes4 selector) internal {
        vm.expectRevert(abi.encodePacked(selector));
    }

    /// @dev Fits any number into a range, both ends included.
    function bound(uint256 any, uint256 min, uint256 max) internal pure returns (uint256) {
        uint256 size = max - min;
        return size == type(uint256).max ? any : min + any % (size + 1);
    }

    function assertTier(uint256 courseId, uint8 tier, uint256 price, bool active) internal view {
        (uint256 price_, bool active_) = market.tierOf(courseId, tier);
        vm.assertEq(price_, price, "price");
        vm.assertTrue(active_ == active, "active");
    }

    function assertListing(uint256 courseId, address lister_, address payee_, uint256 tierCount_)
        internal
        view
    {
        (address by, address credited, uint8 tierCount,) = market.listingOf(courseId);
        vm.assertEq(by, lister_);
        vm.assertEq(credited, payee_);
        vm.assertEq(tierCount, tierCount_);
    }
}
