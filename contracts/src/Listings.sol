// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessPass} from "./AccessPass.sol";
import {Offer, OfferLib} from "./Offer.sol";
import {Treasury} from "./Treasury.sol";
import {IMarketListings} from "./interfaces/IMarketListings.sol";

/// @title Listings
/// @notice What is for sale. See {IMarketListings}.
/// @dev A purchase reads its tier's offer and nothing of the listing: what the listing says of payee and
/// window is copied into each offer that is on sale.
abstract contract Listings is IMarketListings, AccessPass, Treasury {
    /// @dev Who controls a course, whom new offers pay, and for how long they can be returned. `lister` is the
    /// zero address for unknown courses. `tierCount` never falls: passes of a tier outlive it.
    struct Listing {
        address lister;
        uint8 tierCount;
        uint8 window;
        address payee;
    }

    uint256 private _courseCount;
    mapping(uint256 courseId => Listing) internal _listings;
    mapping(uint256 passIndex => Offer) internal _offers;
    /// @dev Keyed by `currency << 96 | passIndex`: one hash where a nested mapping takes two.
    mapping(uint256 key => uint256 price) private _tokenPrices;
    /// @dev The courses with a window, whose passes are records; see {_countRecords}.
    uint64[] private _windowed;

    /// @dev Reverts unless the caller controls the course.
    modifier onlyLister(uint256 courseId) {
        address lister = _listings[courseId].lister;
        if (lister == address(0)) revert CourseMarket_UnknownCourse(courseId);
        if (lister != msg.sender) revert CourseMarket_NotLister(courseId, msg.sender);
        _;
    }

    // ------------------------------------------------------------------------------------------- changing

    /// @inheritdoc IMarketListings
    function listCourse(bytes32 courseRef, address payee, uint8 window, Tier[] calldata tiers)
        external
        returns (uint256 courseId)
    {
        if (payee == address(0)) revert CourseMarket_ZeroAddress();
        // It could never withdraw.
        if (payee == address(this)) revert CourseMarket_TransferFailed(payee, 0);
        if (window > OfferLib.MAX_WINDOW) revert CourseMarket_WindowTooLong(OfferLib.MAX_WINDOW, window);
        uint8 tierCount = _tierCount(tiers);

        _openPurse(payee, window != 0);
        courseId = ++_courseCount;
        _listings[courseId] =
            Listing({lister: msg.sender, tierCount: tierCount, window: window, payee: payee});
        emit CourseListed(courseId, courseRef, msg.sender, payee);
        if (window != 0) {
            // forge-lint: disable-next-line(unsafe-typecast) counted up from 1
            _windowed.push(uint64(courseId));
            emit WindowChanged(courseId, window);
        }
        for (uint8 tier = 0; tier < tierCount; ++tier) {
            // An index without a tier stays as it is: empty storage, no event.
            if (tiers[tier].price != 0 || tiers[tier].active) _setOffer(courseId, tier, tiers[tier]);
        }
    }

    /// @inheritdoc IMarketListings
    function setTier(uint256 courseId, uint8 tier, uint96 price, bool active) external onlyLister(courseId) {
        _requireTier(tier);
        Listing storage listing = _listings[courseId];
        if (tier >= listing.tierCount) listing.tierCount = tier + 1;
        _setOffer(courseId, tier, Tier({price: price, active: active}));
    }

    /// @inheritdoc IMarketListings
    function setTiers(uint256 courseId, Tier[] calldata tiers) external onlyLister(courseId) {
        Listing storage listing = _listings[courseId];
        uint8 before = listing.tierCount;
        uint8 given = _tierCount(tiers);

        if (given > before) listing.tierCount = given;
        for (uint8 tier = 0; tier < given; ++tier) {
            _setOffer(courseId, tier, tiers[tier]);
        }
        for (uint8 tier = given; tier < before; ++tier) {
            _setOffer(courseId, tier, Tier({price: 0, active: false}));
        }
    }

    /// @inheritdoc IMarketListings
    function setTokenPrice(uint256 courseId, uint8 tier, address token, uint96 price)
        external
        onlyLister(courseId)
    {
        _requireTier(tier);
        uint256 currency = price == 0 ? _currency(token) : _allowedCurrency(token);
        uint256 passIndex = _knownPassIndex(courseId, tier);
        // It would wait there, and the tier be sold at it whenever it comes.
        if (price != 0 && Offer.unwrap(_offers[passIndex]) == 0) {
            revert CourseMarket_UnknownTier(courseId, tier);
        }
        _tokenPrices[_tokenPriceKey(currency, passIndex)] = price;
        emit TokenPriced(courseId, tier, token, price);
    }

    /// @inheritdoc IMarketListings
    function setWindow(uint256 courseId, uint8 window) external onlyLister(courseId) {
        if (window > OfferLib.MAX_WINDOW) revert CourseMarket_WindowTooLong(OfferLib.MAX_WINDOW, window);
        Listing storage listing = _listings[courseId];
        if (window == 0 || listing.window == 0) revert CourseMarket_WindowIsSettled(courseId);

        listing.window = window;
        _copyToOffers(courseId, listing);
        emit WindowChanged(courseId, window);
    }

    /// @inheritdoc IMarketListings
    function setPayee(uint256 courseId, address payee) external onlyLister(courseId) {
        if (payee == address(0)) revert CourseMarket_ZeroAddress();
        // It could never withdraw.
        if (payee == address(this)) revert CourseMarket_TransferFailed(payee, 0);

        Listing storage listing = _listings[courseId];
        _openPurse(payee, listing.window != 0);
        listing.payee = payee;
        _copyToOffers(courseId, listing);
        emit PayeeChanged(courseId, payee);
    }

    /// @inheritdoc IMarketListings
    function setLister(uint256 courseId, address lister) external onlyLister(courseId) {
        if (lister == address(0)) revert CourseMarket_ZeroAddress();

        _listings[courseId].lister = lister;
        emit ListerChanged(courseId, lister);
    }

    // ---------------------------------------------------------------------------------------------- views

    /// @inheritdoc IMarketListings
    function tierOf(uint256 courseId, uint8 tier) external view returns (uint256 price, bool active) {
        (bool possible, uint256 passIndex) = _passIndex(courseId, tier);
        if (!possible) return (0, false);
        Offer offer = _offers[passIndex];
        return (offer.price(), offer.active());
    }

    /// @inheritdoc IMarketListings
    function tokenPriceOf(uint256 courseId, uint8 tier, address token) external view returns (uint256) {
        (bool possible, uint256 passIndex) = _passIndex(courseId, tier);
        return possible ? _tokenPrice(_currency(token), passIndex) : 0;
    }

    /// @inheritdoc IMarketListings
    function listingOf(uint256 courseId)
        external
        view
        returns (address lister, address payee, uint8 tierCount, uint8 window)
    {
        Listing storage listing = _listings[courseId];
        lister = listing.lister;
        if (lister == address(0)) revert CourseMarket_UnknownCourse(courseId);
        return (lister, listing.payee, listing.tierCount, listing.window);
    }

    // ------------------------------------------------------------------------------------------- internal

    /// @dev A tier's price in a token.
    function _tokenPrice(uint256 currency, uint256 passIndex) internal view returns (uint256) {
        return _tokenPrices[_tokenPriceKey(currency, passIndex)];
    }

    /// @inheritdoc AccessPass
    function _lastPassIndex() internal view override returns (uint256) {
        return _knownPassIndex(_courseCount, MAX_TIERS - 1);
    }

    /// @inheritdoc AccessPass
    // slither-disable-next-line shadowing-local the owner of passes
    function _countRecords(address owner) internal view override returns (uint256 count) {
        uint256 length = _windowed.length;
        for (uint256 i = 0; i < length; ++i) {
            uint256 courseId = _windowed[i];
            uint8 tierCount = _listings[courseId].tierCount;
            for (uint8 tier = 0; tier < tierCount; ++tier) {
                if (_hasRecord(_passId(owner, _knownPassIndex(courseId, tier)))) ++count;
            }
        }
    }

    /// @dev Writes an offer that fits into its slot.
    function _setOffer(uint256 courseId, uint8 tier, Tier memory terms) private {
        if (terms.price > OfferLib.MAX_PRICE) {
            revert CourseMarket_PriceTooHigh(OfferLib.MAX_PRICE, terms.price);
        }
        Listing storage listing = _listings[courseId];
        // Without a price or a state there is no tier: the slot is cleared, payee and all.
        bool gone = terms.price == 0 && !terms.active;
        _offers[_knownPassIndex(courseId, tier)] =
            gone ? Offer.wrap(0) : OfferLib.pack(listing.payee, terms.price, terms.active, listing.window);
        emit TierPriced(courseId, tier, terms.price, terms.active);
        if (gone) _forgetTokenPrices(courseId, tier);
    }

    /// @dev Clears the prices in tokens of a tier that is removed: when it came back, it would be sold at them.
    function _forgetTokenPrices(uint256 courseId, uint8 tier) private {
        uint256 passIndex = _knownPassIndex(courseId, tier);
        for (uint256 currency = _tokenList.length; currency != 0; --currency) {
            uint256 key = _tokenPriceKey(currency, passIndex);
            if (_tokenPrices[key] == 0) continue;
            // slither-disable-next-line costly-loop each is a slot of its own
            delete _tokenPrices[key];
            emit TokenPriced(courseId, tier, _tokenList[currency - 1], 0);
        }
    }

    /// @dev Copies payee and window into the offers on sale. What is off sale takes them from the listing
    /// when it comes back.
    function _copyToOffers(uint256 courseId, Listing storage listing) private {
        (address payee, uint8 tierCount, uint8 window) = (listing.payee, listing.tierCount, listing.window);
        for (uint8 tier = 0; tier < tierCount; ++tier) {
            uint256 passIndex = _knownPassIndex(courseId, tier);
            Offer offer = _offers[passIndex];
            if (offer.active()) _offers[passIndex] = OfferLib.pack(payee, offer.price(), true, window);
        }
    }

    /// @dev Where a tier's price in a token lies.
    function _tokenPriceKey(uint256 currency, uint256 passIndex) private pure returns (uint256) {
        return currency << 96 | passIndex;
    }

    /// @dev Reverts for an index that no tier can have.
    function _requireTier(uint8 tier) private pure {
        if (tier >= MAX_TIERS) revert CourseMarket_TooManyTiers(MAX_TIERS, uint256(tier) + 1);
    }

    /// @dev The length of a list that is short enough.
    function _tierCount(Tier[] calldata tiers) private pure returns (uint8) {
        if (tiers.length > MAX_TIERS) revert CourseMarket_TooManyTiers(MAX_TIERS, tiers.length);
        // forge-lint: disable-next-line(unsafe-typecast) compared with its limit above
        return uint8(tiers.length);
    }
}
