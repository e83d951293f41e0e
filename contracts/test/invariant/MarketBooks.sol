// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICourseMarket} from "../../src/interfaces/ICourseMarket.sol";

/// @notice Books of the handler's own: each sale by itself, and what was fetched. Slow and plain on purpose.
abstract contract MarketBooks {
    /// @notice A pass that was sold, and what became of it.
    struct Sale {
        ICourseMarket.Purchase bought;
        bool refunded;
    }

    /// @notice A quote that was used once.
    struct Used {
        ICourseMarket.Order order;
        bytes signature;
    }

    Sale[] internal sales;
    Used[] internal usedQuotes;

    /// @notice When a pass was refunded last.
    mapping(uint256 passId => uint256) internal refundedAt;

    mapping(address token => uint256) public paid;
    mapping(address token => uint256) public withdrawn;
    mapping(address token => uint256) public refunded;
    mapping(address token => uint256) public feesFetched;
    /// @notice What came in without a purchase, and what of it was sent back.
    mapping(address token => uint256) public strayed;
    mapping(address token => uint256) public rescued;
    mapping(address payee => mapping(address token => uint256)) public withdrawnBy;
    mapping(address payee => mapping(address token => uint256)) public feesFetchedOf;

    /// @notice What was sold by the signature of whoever pays.
    uint256 public soldByPermit;
    uint256 public soldByAuthorization;

    /// @notice What must never happen, counted.
    uint256 public soldWhilePaused;
    uint256 public soldTwice;
    uint256 public soldAtAnotherPrice;
    uint256 public wrongSignedSales;
    uint256 public signedSalesRefused;
    uint256 public quotesUsedTwice;
    uint256 public quotesUsedElsewhere;
    uint256 public moved;
    uint256 public wrongPayouts;
    uint256 public wrongRefunds;
    uint256 public refundsRefused;
    uint256 public wrongRescues;
    uint256 public wrongPrices;

    function saleCount() external view returns (uint256) {
        return sales.length;
    }

    function sale(uint256 i) external view returns (Sale memory) {
        return sales[i];
    }

    /// @notice Whether a sale gives its holder a pass now.
    function lasts(uint256 i) external view returns (bool) {
        return !sales[i].refunded;
    }

    /// @notice What a payee earned in a currency: matured by now, and still held; net, and the fee on it.
    function earned(address payee, address token)
        public
        view
        returns (uint256 free, uint256 freeFee, uint256 held, uint256 heldFee)
    {
        for (uint256 i = 0; i < sales.length; ++i) {
            Sale storage each = sales[i];
            if (each.refunded || each.bought.payee != payee || each.bought.token != token) continue;
            (uint256 net, uint256 fee) = (each.bought.amount - each.bought.fee, each.bought.fee);
            if (each.bought.refundableUntil <= block.timestamp) {
                (free, freeFee) = (free + net, freeFee + fee);
            } else {
                (held, heldFee) = (held + net, heldFee + fee);
            }
        }
    }

    /// @notice How many passes an account has.
    function passesOf(address holder) external view returns (uint256 count) {
        for (uint256 i = 0; i < sales.length; ++i) {
            if (!sales[i].refunded && sales[i].bought.beneficiary == holder) ++count;
        }
    }

    /// @dev The id of a pass.
    function idOf(uint256 course, uint8 tier, address holder) internal pure returns (uint256) {
        return (course * 8 + tier) << 160 | uint160(holder);
    }
}
