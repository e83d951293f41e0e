// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";
import {IMarketTreasury} from "../../src/interfaces/IMarketTreasury.sol";
import {IToken} from "./IToken.sol";
import {MarketTest} from "./MarketTest.sol";

/// @notice A market that sells for a token.
abstract contract TokenMarketTest is MarketTest {
    uint256 internal constant PAYER_KEY = 0xa11ce;

    IToken internal token;
    ICourseMarket.Order internal order;

    function setUp() public override {
        super.setUp();
        use(deployToken("Token", 6));
    }

    /// @dev Puts a token on the list and on the first tier.
    function use(IToken token_) internal {
        token = token_;
        allow(token);
        token.mint(vm.addr(PAYER_KEY), 1e30);
        vm.prank(lister);
        market.setTokenPrice(course, 0, address(token), DEAR);
        order = orderFor(course, 0, address(token), DEAR);
    }

    function buyFor(bytes memory signature) internal {
        vm.prank(buyer);
        market.purchaseForTokens(order, signature);
    }

    function signed()
        internal
        view
        returns (ICourseMarket.Permit memory permit, ICourseMarket.Authorization memory authorization)
    {
        permit = permitBy(PAYER_KEY, token, order.amount);
        authorization = authorizationBy(PAYER_KEY, token, order);
    }

    function payout() internal view returns (uint256) {
        return market.payoutOf(payee, address(token));
    }

    function assertSold() internal view {
        vm.assertTrue(market.hasPass(order.beneficiary, course, 0));
        vm.assertTrue(payout() % DEAR == 0 && payout() != 0);
    }

    /// @dev Tokens come in without a purchase.
    function stray(IToken what, uint256 amount) internal {
        what.mint(address(market), amount);
    }

    /// @dev The owner sends such tokens back.
    function rescue(address what, address to, uint256 amount) internal {
        vm.prank(owner);
        market.rescueERC20(what, to, amount);
    }

    function expectNotSurplus(IToken what, uint256 surplus, uint256 asked) internal {
        vm.expectRevert(
            abi.encodeWithSelector(
                IMarketTreasury.CourseMarket_NotSurplus.selector, address(what), surplus, asked
            )
        );
    }

    function expectNotAToken(address what) internal {
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_NotAToken.selector, what));
    }

    function expectShrank(address what, uint256 owed, uint256 left) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IMarketTreasury.CourseMarket_TokenShrank.selector, what, owed, left)
        );
    }

    function expectNotAllowed(address which) internal {
        vm.expectRevert(abi.encodeWithSelector(IMarketTreasury.CourseMarket_TokenNotAllowed.selector, which));
    }
}
