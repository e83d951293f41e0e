// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {IMarketErrors} from "./IMarketErrors.sol";

/// @title IMarketListings
/// @notice What is for sale, at which prices, for whom, and how long a purchase can be returned.
interface IMarketListings is IMarketErrors {
    /// @notice A tier's price and state, together.
    /// @param price The price in wei, below 2^89; 0 for none.
    /// @param active Whether the tier can be bought. Active without a price in wei: by quote, or for a token
    /// that has a price, only. Neither: no tier.
    struct Tier {
        uint96 price;
        bool active;
    }

    /// @notice A course was listed.
    /// @param courseId The course's id in this market; ids count up from 1.
    /// @param courseRef What the lister calls the course elsewhere. The market neither reads it nor keeps it
    /// unique: whoever trusts it must check the lister.
    /// @param lister The account that controls the listing.
    /// @param payee The account that sales are credited to.
    event CourseListed(
        uint256 indexed courseId, bytes32 indexed courseRef, address indexed lister, address payee
    );

    /// @notice A tier's price or state was set.
    /// @param courseId The course.
    /// @param tier The tier's index, 0 to 7.
    /// @param price The price in wei; 0 for none.
    /// @param active Whether the tier can be bought.
    event TierPriced(uint256 indexed courseId, uint8 indexed tier, uint256 price, bool active);

    /// @notice A tier's price in a token was set.
    /// @param courseId The course.
    /// @param tier The tier's index, 0 to 7.
    /// @param token The token.
    /// @param price The price in its base units; 0 for none.
    event TokenPriced(uint256 indexed courseId, uint8 indexed tier, address indexed token, uint256 price);

    /// @notice Later purchases of a course can be returned for this long.
    /// @param courseId The course.
    /// @param window The money-back window in days.
    event WindowChanged(uint256 indexed courseId, uint256 window);

    /// @notice Later sales of a course are credited to another account. Earned money stays where it is.
    /// @param courseId The course.
    /// @param payee The new payee.
    event PayeeChanged(uint256 indexed courseId, address indexed payee);

    /// @notice Control of a listing went to another account.
    /// @param courseId The course.
    /// @param lister The new lister.
    event ListerChanged(uint256 indexed courseId, address indexed lister);

    /// @notice Only the lister may change a listing.
    /// @param courseId The course.
    /// @param caller The account that tried.
    error CourseMarket_NotLister(uint256 courseId, address caller);

    /// @notice A course has at most this many tiers.
    /// @param max The limit.
    /// @param given The number of tiers, or the tier's index plus one.
    error CourseMarket_TooManyTiers(uint256 max, uint256 given);

    /// @notice The course has no such tier: it has no price in wei, and is not on sale.
    /// @param courseId The course.
    /// @param tier The tier's index.
    error CourseMarket_UnknownTier(uint256 courseId, uint8 tier);

    /// @notice The price is above what the market can store.
    /// @param max The highest price in base units.
    /// @param given The price asked for.
    error CourseMarket_PriceTooHigh(uint256 max, uint256 given);

    /// @notice The money-back window is too long.
    /// @param max The longest one in days.
    /// @param given The one asked for.
    error CourseMarket_WindowTooLong(uint256 max, uint256 given);

    /// @notice Whether a course has a money-back window is settled when it is listed: passes of the two kinds
    /// are kept in different places. List the course again.
    /// @param courseId The course.
    error CourseMarket_WindowIsSettled(uint256 courseId);

    /// @notice Lists a course. The caller becomes its lister.
    /// @dev Emits {CourseListed}, {WindowChanged} if there is a window, and {TierPriced} for each tier.
    /// @param courseRef What the caller calls the course elsewhere.
    /// @param payee The account that sales are credited to; not this market, which could never withdraw.
    /// @param window For how many days purchases can be returned, at most 60; 0 for not at all. A course
    /// listed without a window never gets one, and one listed with a window always has one.
    /// @param tiers The tiers by index, at most eight.
    /// @return courseId The course's id.
    function listCourse(bytes32 courseRef, address payee, uint8 window, Tier[] calldata tiers)
        external
        returns (uint256 courseId);

    /// @notice Sets one tier. An index past the last one extends the list. Lister only.
    /// @dev Emits {TierPriced}. Its prices in tokens stay; but with neither price nor state there is no tier,
    /// and each of them is cleared with a {TokenPriced}.
    /// @param courseId The course.
    /// @param tier The tier's index, 0 to 7.
    /// @param price The price in wei, below 2^89; 0 for none.
    /// @param active Whether the tier can be bought.
    function setTier(uint256 courseId, uint8 tier, uint96 price, bool active) external;

    /// @notice Sets all tiers. Lister only.
    /// @dev Emits {TierPriced} for each index that the list has or had. Prices in tokens stay; those of tiers
    /// that are removed are cleared, each with a {TokenPriced}.
    /// @param courseId The course.
    /// @param tiers The tiers by index, at most eight; those left out at the end are removed.
    function setTiers(uint256 courseId, Tier[] calldata tiers) external;

    /// @notice Sets a tier's price in a token. It holds while the tier is on sale. Lister only.
    /// @dev Emits {TokenPriced}. Where there is no tier, there is no price: it is set after the tier.
    /// @param courseId The course.
    /// @param tier The tier's index, 0 to 7.
    /// @param token The token; it must be on the market's list.
    /// @param price The price in its base units; 0 for none, also for a token that was taken off the list.
    function setTokenPrice(uint256 courseId, uint8 tier, address token, uint96 price) external;

    /// @notice Sets for how long later purchases can be returned. Lister only.
    /// @dev Emits {WindowChanged}. Purchases keep the window that they were made with.
    /// @param courseId The course; it must have been listed with a window.
    /// @param window The window in days, 1 to 60.
    function setWindow(uint256 courseId, uint8 window) external;

    /// @notice Names the account that later sales are credited to. Lister only.
    /// @dev Emits {PayeeChanged}.
    /// @param courseId The course.
    /// @param payee The new payee; not this market.
    function setPayee(uint256 courseId, address payee) external;

    /// @notice Gives control of the listing away. Lister only.
    /// @dev Emits {ListerChanged}. The payee stays.
    /// @param courseId The course.
    /// @param lister The new lister.
    function setLister(uint256 courseId, address lister) external;

    /// @notice A tier's price and state. Answers (0, false) where there is no tier.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @return price The price in wei; 0 for none.
    /// @return active Whether it can be bought.
    function tierOf(uint256 courseId, uint8 tier) external view returns (uint256 price, bool active);

    /// @notice A tier's price in a token.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param token The token.
    /// @return The price in its base units; 0 for none.
    function tokenPriceOf(uint256 courseId, uint8 tier, address token) external view returns (uint256);

    /// @notice A course's listing. Reverts for an unknown course.
    /// @param courseId The course.
    /// @return lister The account that controls it.
    /// @return payee The account that sales are credited to.
    /// @return tierCount One more than the highest index that ever had a place in the list.
    /// @return window For how many days purchases can be returned.
    function listingOf(uint256 courseId)
        external
        view
        returns (address lister, address payee, uint8 tierCount, uint8 window);
}
