namespace MfpClip.References;

/// <summary>A method that brings references of its own, as published models do.</summary>
internal interface IStoredReferenceSource
{
    /// <summary>Reads them; the caller's. <see langword="null"/>: it has none.</summary>
    /// <exception cref="WeightsException">They cannot be read.</exception>
    ReferenceEntry? ReadReferences();
}
