namespace MfpClip.References;

/// <summary>
/// Tokens that are chosen of all references together. What is chosen in the presence of an image lacks the neighbours that it stands for, so without that image
/// others are chosen.
/// </summary>
internal interface IChosenTokens
{
    /// <summary>The group of references that one is left out with.</summary>
    int GroupOf(ReferenceEntry entry);

    /// <summary>What is stored without a group, <c>[K, D]</c>, in the caller's scope.</summary>
    Tensor Without(int group);
}
