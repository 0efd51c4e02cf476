using MfpClip.Data.Procedural;

namespace MfpClip.Data.Readers;

/// <summary>One way in which data sets lie on disk.</summary>
internal interface IDataSetLayout
{
    DataSetLayout Layout { get; }

    /// <summary>Whether a file or folder has this layout, from names alone.</summary>
    bool Recognises(string path);

    /// <summary>Reads names and lists, no image. Keys are set by the caller.</summary>
    IReadOnlyList<AnomalyCategory> Read(string path);
}
