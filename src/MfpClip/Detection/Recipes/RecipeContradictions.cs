namespace MfpClip.Detection.Recipes;

/// <summary>Settings of a recipe of which one would be ignored because of another.</summary>
internal static class RecipeContradictions
{
    public static IEnumerable<string> Of(DetectorRecipe recipe)
    {
        if (recipe.Calibration is not null && recipe.CalibrationFile is not null)
        {
            yield return Both("Calibration", "CalibrationFile");
        }

        if (recipe.Taps is { } taps && recipe.Stages is { } stages && taps.Count != stages)
        {
            yield return $"Stages is {stages}, but Taps names {taps.Count} blocks; leave one of them out.";
        }

        if (recipe.Modules is not null && recipe.Untrained == true)
        {
            yield return Both("Modules", "Untrained");
        }

        if (recipe.References is { } references)
        {
            string[] ways = [.. new[] { ("File", references.File is not null), ("Folder", references.Folder is not null),
                ("Images", references.Images is not null) }.Where(w => w.Item2).Select(w => w.Item1)];
            if (ways.Length > 1)
            {
                yield return $"References names {string.Join(" and ", ways)}; name one of them.";
            }
        }

        foreach (string fault in recipe.RegionOfInterest?.Faults() ?? [])
        {
            yield return fault;
        }

        if (recipe.Backbone is { } backbone)
        {
            if (backbone.Folder is not null && backbone.Package is null)
            {
                yield return "Backbone names a Folder without a Package, where it is ignored; a folder of weights is a Path.";
            }

            string[] ignored = [.. new[] { ("Activation", backbone.Activation is not null), ("Interpolation", backbone.Interpolation is not null),
                ("Kernels", backbone.Kernels is not null), ("Config", backbone.Config is not null && backbone.Package is not null),
                ("Heads", backbone.Heads is not null), ("Dino", backbone.Dino is not null && backbone.Package is not null) }
                .Where(w => w.Item2).Select(w => w.Item1)];
            if (ignored.Length > 0 && (backbone.Package is not null || backbone.RandomSeed is not null))
            {
                yield return $"Backbone: {string.Join(" and ", ignored)} would be ignored beside "
                    + $"{(backbone.Package is not null ? "Package" : "RandomSeed")}; leave it out.";
            }

            if (backbone.Config is not null && backbone.Dino is not null)
            {
                yield return "Backbone names Config and Dino, the sizes of a CLIP model and of a DINOv2 model; leave one of them out.";
            }

            if (backbone.Dino is not null && backbone.Path is not null)
            {
                yield return "Backbone: Dino would be ignored beside Path; leave it out.";
            }

            if (backbone.Heads is not null && (backbone.Config is not null || backbone.Activation is not null))
            {
                yield return "Backbone names Heads, which is for a DINOv2 file, and Config or Activation, which are for a CLIP file; leave one of them out.";
            }
        }
    }

    private static string Both(string one, string other) => $"{one} and {other} contradict one another; leave one of them out.";
}
