// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What a purchase must know of a tier, in one storage slot: from the low bits up the payee (160), the
/// state (1), the money-back window in days (6) and the price in wei (89, which is 618 million coins). All
/// zero: no tier. Active without a price: sold by quote, or for a token, only.
type Offer is uint256;

using OfferLib for Offer global;

/// @title OfferLib
/// @notice Packs and unpacks an {Offer}.
library OfferLib {
    /// @dev The highest price that fits.
    uint256 internal constant MAX_PRICE = 2 ** 89 - 1;
    /// @dev The longest window that the market grants, in days; it must fit into six bits.
    uint256 internal constant MAX_WINDOW = 60;

    uint256 private constant ACTIVE = 2 ** 160;
    uint256 private constant WINDOW_SHIFT = 161;
    uint256 private constant WINDOW_MASK = 2 ** 6 - 1;
    uint256 private constant PRICE_SHIFT = 167;

    /// @dev Packs. The price must be at most {MAX_PRICE}, the window at most {MAX_WINDOW}.
    function pack(address payee_, uint256 price_, bool active_, uint256 window_)
        internal
        pure
        returns (Offer)
    {
        return Offer.wrap(
            price_ << PRICE_SHIFT | window_ << WINDOW_SHIFT | (active_ ? ACTIVE : 0) | uint160(payee_)
        );
    }

    /// @dev The account that a sale is credited to.
    function payee(Offer offer) internal pure returns (address) {
        // forge-lint: disable-next-line(unsafe-typecast) the low 160 bits are the payee
        return address(uint160(Offer.unwrap(offer)));
    }

    /// @dev The price in wei.
    function price(Offer offer) internal pure returns (uint256) {
        return Offer.unwrap(offer) >> PRICE_SHIFT;
    }

    /// @dev Whether the tier can be bought.
    function active(Offer offer) internal pure returns (bool) {
        return Offer.unwrap(offer) & ACTIVE != 0;
    }

    /// @dev For how many days a purchase can be returned.
    function window(Offer offer) internal pure returns (uint256) {
        return Offer.unwrap(offer) >> WINDOW_SHIFT & WINDOW_MASK;
    }
}
