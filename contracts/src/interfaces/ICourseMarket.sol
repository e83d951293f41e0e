// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// @title ICourseMarket
/// @notice A market for access to courses. Anyone lists a course with up to eight tiers, each at a price in
/// wei; anyone buys a tier for a beneficiary at exactly that price. The beneficiary gets an access pass that
/// never moves, the course's payee a balance to withdraw.
/// @dev A pass is an ERC-721 token whose id is computed, not stored: `tokenId = passIndex << 160 | owner`
/// with `passIndex = courseId * 8 + tier`. ERC-721, its metadata, ERC-5192 and ERC-165 are implemented
/// beside this interface.
interface ICourseMarket {
    // --------------------------------------------------------------------------------------------- events

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
    /// @param price The price in wei; 0 means that there is no tier at this index.
    /// @param active Whether the tier can be bought.
    event TierPriced(uint256 indexed courseId, uint8 indexed tier, uint256 price, bool active);

    /// @notice Later sales of a course are credited to another account. Earned money stays where it is.
    /// @param courseId The course.
    /// @param payee The new payee.
    event PayeeChanged(uint256 indexed courseId, address indexed payee);

    /// @notice Control of a listing went to another account.
    /// @param courseId The course.
    /// @param lister The new lister.
    event ListerChanged(uint256 indexed courseId, address indexed lister);

    /// @notice A tier of a course was bought.
    /// @param orderId The order that the buyer paid for. The market does not keep it unique: whoever settles
    /// orders must compare all fields of this event.
    /// @param beneficiary The account that got the pass; the account that paid may be another.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param token The currency: the zero address stands for the chain's own.
    /// @param amount The price paid, in the currency's base units.
    event CoursePurchased(
        bytes32 indexed orderId,
        address indexed beneficiary,
        uint256 indexed courseId,
        uint8 tier,
        address token,
        uint256 amount
    );

    /// @notice A payee withdrew all that was theirs.
    /// @param payee The account whose balance it was.
    /// @param to The account that received it.
    /// @param amount The sum in wei.
    event PayoutWithdrawn(address indexed payee, address indexed to, uint256 amount);

    // --------------------------------------------------------------------------------------------- errors

    /// @notice The sum sent is not the price.
    /// @param required The price in wei.
    /// @param sent The sum sent in wei.
    error CourseMarket_WrongPrice(uint256 required, uint256 sent);

    /// @notice The course exists, but this tier is not on sale.
    /// @param courseId The course.
    /// @param tier The tier's index.
    error CourseMarket_TierNotForSale(uint256 courseId, uint8 tier);

    /// @notice The beneficiary has this pass already; nothing was charged.
    /// @param beneficiary The account that has the pass.
    /// @param courseId The course.
    /// @param tier The tier's index.
    error CourseMarket_AlreadyOwned(address beneficiary, uint256 courseId, uint8 tier);

    /// @notice No course has this id.
    /// @param courseId The id asked for.
    error CourseMarket_UnknownCourse(uint256 courseId);

    /// @notice Only the lister may change a listing.
    /// @param courseId The course.
    /// @param caller The account that tried.
    error CourseMarket_NotLister(uint256 courseId, address caller);

    /// @notice An account is missing: the zero address was given.
    error CourseMarket_ZeroAddress();

    /// @notice A course has at most this many tiers.
    /// @param max The limit.
    /// @param given The number of tiers, or the tier's index plus one.
    error CourseMarket_TooManyTiers(uint256 max, uint256 given);

    /// @notice A tier on sale must cost something: what is free needs no market.
    /// @param courseId The course.
    /// @param tier The tier's index.
    error CourseMarket_PriceIsZero(uint256 courseId, uint8 tier);

    /// @notice The price is above what the market can store.
    /// @param max The highest price in wei.
    /// @param given The price asked for.
    error CourseMarket_PriceTooHigh(uint256 max, uint256 given);

    /// @notice The account has no balance.
    /// @param payee The account.
    error CourseMarket_NothingToWithdraw(address payee);

    /// @notice The receiver refused the money; the balance is as it was.
    /// @param to The receiver.
    /// @param amount The sum in wei.
    error CourseMarket_TransferFailed(address to, uint256 amount);

    /// @notice A pass belongs to its owner for good: it can be neither moved nor approved.
    error CourseMarket_Soulbound();

    /// @notice No such pass was minted.
    /// @param tokenId The id asked for.
    error CourseMarket_UnknownPass(uint256 tokenId);

    /// @notice Purchases are paused. Withdrawals are not.
    error CourseMarket_PurchasesPaused();

    /// @notice Purchases are not paused.
    error CourseMarket_PurchasesNotPaused();

    /// @notice The market keeps an owner: without one, a pause could never end.
    error CourseMarket_OwnerRequired();

    // ------------------------------------------------------------------------------------------- listings

    /// @notice Lists a course. The caller becomes its lister.
    /// @dev Emits {CourseListed}, then {TierPriced} for each tier with a price.
    /// @param courseRef What the caller calls the course elsewhere.
    /// @param payee The account that sales are credited to.
    /// @param prices The tiers' prices in wei by index, at most eight; 0 leaves an index without a tier.
    /// @return courseId The course's id.
    function listCourse(bytes32 courseRef, address payee, uint96[] calldata prices)
        external
        returns (uint256 courseId);

    /// @notice Sets one tier. An index past the last one extends the list. Lister only.
    /// @dev Emits {TierPriced}.
    /// @param courseId The course.
    /// @param tier The tier's index, 0 to 7.
    /// @param price The price in wei; 0 only together with `active` = false.
    /// @param active Whether the tier can be bought.
    function setTier(uint256 courseId, uint8 tier, uint96 price, bool active) external;

    /// @notice Sets the whole price list. Lister only.
    /// @dev Emits {TierPriced} for each index of the new list, and for each that it cuts off.
    /// @param courseId The course.
    /// @param prices The tiers' prices in wei by index, at most eight; 0 takes a tier off sale, and so does
    /// leaving it out at the end.
    function setTiers(uint256 courseId, uint96[] calldata prices) external;

    /// @notice Names the account that later sales are credited to. Lister only.
    /// @dev Emits {PayeeChanged}.
    /// @param courseId The course.
    /// @param payee The new payee.
    function setPayee(uint256 courseId, address payee) external;

    /// @notice Gives control of the listing away. Lister only.
    /// @dev Emits {ListerChanged}. The payee stays.
    /// @param courseId The course.
    /// @param lister The new lister.
    function setLister(uint256 courseId, address lister) external;

    // ------------------------------------------------------------------------------------------ purchases

    /// @notice Buys a tier for a beneficiary, at exactly its price. The pass is theirs for good.
    /// @dev Emits {CoursePurchased} and ERC-721's `Transfer` from the zero address. Calls nobody.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @param beneficiary The account that gets the pass.
    /// @param orderId The order that this pays for, any value.
    function purchase(uint256 courseId, uint8 tier, address beneficiary, bytes32 orderId) external payable;

    /// @notice Sends the caller's whole balance as a payee. Works while purchases are paused.
    /// @dev Emits {PayoutWithdrawn}.
    /// @param to The account that receives it.
    /// @return amount The sum in wei.
    function withdraw(address payable to) external returns (uint256 amount);

    /// @notice Stops purchases. Owner only.
    function pause() external;

    /// @notice Lets purchases go on. Owner only.
    function unpause() external;

    // ---------------------------------------------------------------------------------------------- views

    /// @notice What an account can withdraw.
    /// @param payee The account.
    /// @return The sum in wei.
    function payoutOf(address payee) external view returns (uint256);

    /// @notice A tier's price and state. Answers (0, false) where there is no tier.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @return price The price in wei.
    /// @return active Whether it can be bought.
    function tierOf(uint256 courseId, uint8 tier) external view returns (uint256 price, bool active);

    /// @notice A course's listing. Reverts for an unknown course.
    /// @param courseId The course.
    /// @return lister The account that controls it.
    /// @return payee The account that sales are credited to.
    /// @return tierCount The length of the price list, tiers off sale included.
    function listingOf(uint256 courseId)
        external
        view
        returns (address lister, address payee, uint8 tierCount);

    /// @notice Whether an account has the pass of a tier.
    /// @param owner The account.
    /// @param courseId The course.
    /// @param tier The tier's index.
    /// @return True from the purchase on, for good.
    function hasPass(address owner, uint256 courseId, uint8 tier) external view returns (bool);

    /// @notice Whether purchases are paused.
    /// @return True while they are.
    function paused() external view returns (bool);
}
