// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessPass} from "./AccessPass.sol";
import {Offer, OfferLib} from "./Offer.sol";
import {ICourseMarket} from "./interfaces/ICourseMarket.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title CourseMarket
/// @notice Lectern's market: listings, purchases, payees' balances. See {ICourseMarket}.
/// @dev A purchase touches four storage slots and no more: the pause flag, the offer (payee, price and state
/// in one), the buyer's word of passes, and the payee's balance. It calls nobody. The owner can pause
/// purchases; no function lets the owner near a balance, and nothing but {purchase} accepts money.
contract CourseMarket is ICourseMarket, AccessPass, Ownable2Step, Pausable {
    /// @dev Who controls a course and whom new offers pay. `lister` is the zero address for unknown courses.
    struct Listing {
        address lister;
        uint8 tierCount;
        address payee;
    }

    /// @dev What the account of a payee without money holds.
    uint256 private constant EMPTY_ACCOUNT = 1;

    uint256 private _courseCount;
    mapping(uint256 courseId => Listing) private _listings;
    mapping(uint256 passIndex => Offer) private _offers;
    /// @dev One wei above what the payee has: the slot of a payee who withdrew all never falls back to zero,
    /// so that no buyer pays for setting it up again. Whoever names a payee sets it up, see {_openAccount}.
    mapping(address payee => uint256) private _accounts;

    /// @param owner The account that may pause purchases.
    constructor(address owner) Ownable(owner) {}

    /// @dev Reverts unless the caller controls the course.
    modifier onlyLister(uint256 courseId) {
        address lister = _listings[courseId].lister;
        if (lister == address(0)) revert CourseMarket_UnknownCourse(courseId);
        if (lister != msg.sender) revert CourseMarket_NotLister(courseId, msg.sender);
        _;
    }

    // ------------------------------------------------------------------------------------------ purchases

    /// @inheritdoc ICourseMarket
    function purchase(uint256 courseId, uint8 tier, address beneficiary, bytes32 orderId)
        external
        payable
        whenNotPaused
    {
        (bool possible, uint256 passIndex) = _passIndex(courseId, tier);
        Offer offer = _offers[passIndex];
        if (!possible || !offer.active()) {
            if (_listings[courseId].lister == address(0)) revert CourseMarket_UnknownCourse(courseId);
            revert CourseMarket_TierNotForSale(courseId, tier);
        }
        if (msg.value != offer.price()) revert CourseMarket_WrongPrice(offer.price(), msg.value);
        if (beneficiary == address(0)) revert CourseMarket_ZeroAddress();
        if (!_markOwned(beneficiary, passIndex)) {
            revert CourseMarket_AlreadyOwned(beneficiary, courseId, tier);
        }
        // Every unit of a balance was sent to this contract: no chain has 2^256 wei to send.
        unchecked {
            _accounts[offer.payee()] += msg.value;
        }

        emit CoursePurchased(orderId, beneficiary, courseId, tier, address(0), msg.value);
        emit Transfer(address(0), beneficiary, _tokenId(beneficiary, passIndex));
    }

    /// @inheritdoc ICourseMarket
    function withdraw(address payable to) external returns (uint256 amount) {
        if (to == address(0)) revert CourseMarket_ZeroAddress();
        amount = payoutOf(msg.sender);
        if (amount == 0) revert CourseMarket_NothingToWithdraw(msg.sender);

        // Before the call: whoever re-enters finds nothing left.
        _accounts[msg.sender] = EMPTY_ACCOUNT;
        emit PayoutWithdrawn(msg.sender, to, amount);
        (bool sent,) = to.call{value: amount}("");
        if (!sent) revert CourseMarket_TransferFailed(to, amount);
    }

    /// @inheritdoc ICourseMarket
    function pause() external onlyOwner {
        _pause();
    }

    /// @inheritdoc ICourseMarket
    function unpause() external onlyOwner {
        _unpause();
    }

    // ------------------------------------------------------------------------------------------- listings

    /// @inheritdoc ICourseMarket
    function listCourse(bytes32 courseRef, address payee, uint96[] calldata prices)
        external
        returns (uint256 courseId)
    {
        if (payee == address(0)) revert CourseMarket_ZeroAddress();
        uint8 tierCount = _tierCount(prices);

        _openAccount(payee);
        courseId = ++_courseCount;
        _listings[courseId] = Listing({lister: msg.sender, tierCount: tierCount, payee: payee});
        emit CourseListed(courseId, courseRef, msg.sender, payee);

        for (uint8 tier = 0; tier < tierCount; ++tier) {
            // An index without a tier stays as it is: empty storage, no event.
            if (prices[tier] != 0) _setOffer(courseId, tier, payee, prices[tier], true);
        }
    }

    /// @inheritdoc ICourseMarket
    function setTier(uint256 courseId, uint8 tier, uint96 price, bool active) external onlyLister(courseId) {
        if (tier >= MAX_TIERS) revert CourseMarket_TooManyTiers(MAX_TIERS, uint256(tier) + 1);
        if (active && price == 0) revert CourseMarket_PriceIsZero(courseId, tier);

        Listing storage listing = _listings[courseId];
        if (tier >= listing.tierCount) listing.tierCount = tier + 1;
        _setOffer(courseId, tier, listing.payee, price, active);
    }

    /// @inheritdoc ICourseMarket
    function setTiers(uint256 courseId, uint96[] calldata prices) external onlyLister(courseId) {
        Listing storage listing = _listings[courseId];
        uint8 before = listing.tierCount;
        uint8 tierCount = _tierCount(prices);
        address payee = listing.payee;

        listing.tierCount = tierCount;
        for (uint8 tier = 0; tier < tierCount; ++tier) {
            _setOffer(courseId, tier, payee, prices[tier], prices[tier] != 0);
        }
        for (uint8 tier = tierCount; tier < before; ++tier) {
            _setOffer(courseId, tier, payee, 0, false);
        }
    }

    /// @inheritdoc ICourseMarket
    function setPayee(uint256 courseId, address payee) external onlyLister(courseId) {
        if (payee == address(0)) revert CourseMarket_ZeroAddress();

        _openAccount(payee);
        Listing storage listing = _listings[courseId];
        listing.payee = payee;
        uint8 tierCount = listing.tierCount;
        for (uint8 tier = 0; tier < tierCount; ++tier) {
            uint256 passIndex = _knownPassIndex(courseId, tier);
            Offer offer = _offers[passIndex];
            // What is off sale takes its payee from the listing when it comes back.
            if (offer.active()) _offers[passIndex] = OfferLib.pack(payee, offer.price(), true);
        }
        emit PayeeChanged(courseId, payee);
    }

    /// @inheritdoc ICourseMarket
    function setLister(uint256 courseId, address lister) external onlyLister(courseId) {
        if (lister == address(0)) revert CourseMarket_ZeroAddress();

        _listings[courseId].lister = lister;
        emit ListerChanged(courseId, lister);
    }

    // ---------------------------------------------------------------------------------------------- views

    /// @inheritdoc ICourseMarket
    function payoutOf(address payee) public view returns (uint256) {
        uint256 account = _accounts[payee];
        return account == 0 ? 0 : account - EMPTY_ACCOUNT;
    }

    /// @inheritdoc ICourseMarket
    function tierOf(uint256 courseId, uint8 tier) external view returns (uint256 price, bool active) {
        (bool possible, uint256 passIndex) = _passIndex(courseId, tier);
        if (!possible) return (0, false);
        Offer offer = _offers[passIndex];
        return (offer.price(), offer.active());
    }

    /// @inheritdoc ICourseMarket
    function listingOf(uint256 courseId)
        external
        view
        returns (address lister, address payee, uint8 tierCount)
    {
        Listing storage listing = _listings[courseId];
        lister = listing.lister;
        if (lister == address(0)) revert CourseMarket_UnknownCourse(courseId);
        return (lister, listing.payee, listing.tierCount);
    }

    /// @inheritdoc ICourseMarket
    function hasPass(address owner, uint256 courseId, uint8 tier) external view returns (bool) {
        (bool possible, uint256 passIndex) = _passIndex(courseId, tier);
        return possible && _owns(owner, passIndex);
    }

    /// @inheritdoc ICourseMarket
    function paused() public view override(ICourseMarket, Pausable) returns (bool) {
        return Pausable.paused();
    }

    /// @notice Refused: without an owner, a pause could never end. Hand the market over instead.
    function renounceOwnership() public view override onlyOwner {
        revert CourseMarket_OwnerRequired();
    }

    // ------------------------------------------------------------------------------------------- internal

    /// @inheritdoc AccessPass
    function _lastPassIndex() internal view override returns (uint256) {
        return _knownPassIndex(_courseCount, MAX_TIERS - 1);
    }

    /// @dev Sets up a payee's account, once.
    function _openAccount(address payee) private {
        if (_accounts[payee] == 0) _accounts[payee] = EMPTY_ACCOUNT;
    }

    /// @dev Writes an offer that fits into its slot.
    function _setOffer(uint256 courseId, uint8 tier, address payee, uint256 price, bool active) private {
        if (price > OfferLib.MAX_PRICE) revert CourseMarket_PriceTooHigh(OfferLib.MAX_PRICE, price);
        // Without a price there is no tier: the slot is cleared, payee and all.
        Offer offer = price == 0 ? Offer.wrap(0) : OfferLib.pack(payee, price, active);
        _offers[_knownPassIndex(courseId, tier)] = offer;
        emit TierPriced(courseId, tier, price, active);
    }

    /// @dev The length of a price list that is short enough.
    function _tierCount(uint96[] calldata prices) private pure returns (uint8) {
        if (prices.length > MAX_TIERS) revert CourseMarket_TooManyTiers(MAX_TIERS, prices.length);
        // forge-lint: disable-next-line(unsafe-typecast) compared with its limit above
        return uint8(prices.length);
    }

    /// @inheritdoc Pausable
    function _requireNotPaused() internal view override {
        if (Pausable.paused()) revert CourseMarket_PurchasesPaused();
    }

    /// @inheritdoc Pausable
    function _requirePaused() internal view override {
        if (!Pausable.paused()) revert CourseMarket_PurchasesNotPaused();
    }
}
