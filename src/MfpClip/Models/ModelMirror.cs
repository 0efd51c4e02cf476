namespace MfpClip.Models;

/// <summary>A folder of models for sites without a network.</summary>
internal sealed class ModelMirror(string root)
{
    /// <summary>The folder in it that holds all files of a source; null if none does.</summary>
    public string? Find(CatalogueModel model, CatalogueSource source)
    {
        string repository = Path.Combine([root, .. source.Repository.Split('/')]);
        string[] candidates =
        [
            Path.Combine(root, model.Name), Path.Combine(repository, source.Revision), repository,
        ];
        return candidates.FirstOrDefault(c => source.Files.All(f => File.Exists(Path.Combine(c, f.Name))));
    }
}
