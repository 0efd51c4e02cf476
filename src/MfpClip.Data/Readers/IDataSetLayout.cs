namespace MfpClip.Data.Readers;

/// <summary>One way in which data sets lie on disk.</summary>
internal interface IDataSetLayout
{
    /// <summary>The layouts that it reads.</summary>
    IReadOnlyList<DataSetLayout> Layouts { get; }

    /// <summary>Whether a file or folder has this layout, from names alone.</summary>
    bool Recognises(string path);

    /// <summary>Why a folder that looks as if it had this layout does not; <see langword="null"/> where it does not look so.</summary>
    string? NearMiss(string path);

    /// <summary>Reads names and lists, no image. Keys are set by the caller.</summary>
    OpenedFolder Read(string path);
}

/// <summary>What a layout read.</summary>
/// <param name="Layout">The layout.</param>
/// <param name="Categories">The categories.</param>
/// <param name="Ignored">What lies beside them and is not used.</param>
internal sealed record OpenedFolder(DataSetLayout Layout, IReadOnlyList<AnomalyCategory> Categories, IReadOnlyList<IgnoredPath> Ignored);
