using MfpClip.Models;

namespace MfpClip.Tests.Models;

public class ModelCatalogueTests
{
    [Theory]
    [InlineData("ViT-L-14-336px", "timm/vit_large_patch14_clip_336.openai", "openai/clip-vit-large-patch14-336")]
    [InlineData("ViT-L-14", "timm/vit_large_patch14_clip_224.openai", "openai/clip-vit-large-patch14")]
    [InlineData("ViT-B-16", "timm/vit_base_patch16_clip_224.openai", "openai/clip-vit-base-patch16")]
    [InlineData("ViT-B-32", "timm/vit_base_patch32_clip_224.openai", "openai/clip-vit-base-patch32")]
    public void A_model_of_OpenAI_has_the_copies_of_the_hub_and_its_own_address(string name, params string[] copies)
    {
        var model = ModelCatalogue.Find(name);

        Assert.Equal(copies, model.Sources.Take(2).Select(s => s.Repository));
        Assert.Equal("openaipublic.azureedge.net", model.Sources[2].Files[0].Address!.Host);
        Assert.Equal("quick_gelu", model.Activation);
    }

    // torchvision's names end in the beginning of the file's SHA-256 (torch.hub checks it the same way).
    [Theory]
    [InlineData("resnet18", "f37072fd")]
    [InlineData("resnet34", "b627a593")]
    [InlineData("resnet50", "0676ba61")]
    [InlineData("resnet101", "63fe2227")]
    [InlineData("wide_resnet50_2", "95faca4d")]
    [InlineData("wide_resnet101_2", "32ee1156")]
    public void The_hash_of_a_CNN_begins_as_the_name_of_its_file_ends(string name, string digits)
    {
        var file = ModelCatalogue.Find(name).Sources.Single().Files.Single();

        Assert.Equal($"https://download.pytorch.org/models/{name}-{digits}.pth", file.Address!.ToString());
        Assert.StartsWith(digits, file.Sha256, StringComparison.Ordinal);
    }

    // Names and addresses as on the model cards and in the authors' hubconf.py.
    [Theory]
    [InlineData("dinov2_vits14", "dinov2_vits14/dinov2_vits14_pretrain.pth")]
    [InlineData("dinov2_vitg14", "dinov2_vitg14/dinov2_vitg14_pretrain.pth")]
    [InlineData("dinov2_vitb14_reg", "dinov2_vitb14/dinov2_vitb14_reg4_pretrain.pth")]
    [InlineData("dinov2_vitl14_reg", "dinov2_vitl14/dinov2_vitl14_reg4_pretrain.pth")]
    public void A_DINOv2_of_its_authors_has_their_address_and_a_full_hash(string name, string address)
    {
        var model = ModelCatalogue.Find(name);

        var file = Assert.Single(Assert.Single(model.Sources).Files);
        Assert.Equal($"https://dl.fbaipublicfiles.com/dinov2/{address}", file.Address!.ToString());
        Assert.Equal(64, file.Sha256!.Length);
        Assert.Equal("Apache-2.0", model.Licence);
    }

    [Fact]
    public void Every_DINOv2_of_the_hub_is_there_with_the_files_that_tell_its_heads()
    {
        foreach (string name in new[] { "dinov2-", "dinov2-with-registers-" }.SelectMany(f => new[] { "small", "base", "large", "giant" }.Select(s => f + s)))
        {
            var source = Assert.Single(ModelCatalogue.Find(name).Sources);
            Assert.Equal($"facebook/{name}", source.Repository);
            Assert.Equal(40, source.Revision.Length);
            Assert.Equal(["model.safetensors", "config.json", "preprocessor_config.json"], source.Files.Select(f => f.Name));
        }
    }

    [Fact]
    public void Every_entry_is_pinned_or_says_that_it_is_not()
    {
        foreach (var source in ModelCatalogue.Models.SelectMany(m => m.Sources))
        {
            Assert.All(source.Files.Where(f => f.Sha256 is not null), f => Assert.Matches("^([0-9a-f]{64}|[0-9a-f]{8})$", f.Sha256!));
            bool own = source.Files[0].Sha256 is not null;
            Assert.True(own || source.Revision == "main" || source.Revision.Length == 40, source.Repository);
        }

        Assert.Equal(
            ["laion400m-ViT-B-16-plus-240", "laion400m-ViT-B-16", "laion400m-ViT-L-14", "laion400m-ViT-B-32"],
            ModelCatalogue.Models.Where(m => m.Sources.Any(s => s.Revision == "main")).Select(m => m.Name));
    }

    [Fact]
    public void A_file_that_version_01_fetched_is_still_found()
    {
        string folder = Directory.CreateTempSubdirectory("mfpclip-").FullName;
        try
        {
            string file = Path.Combine(folder, "models--openai--ViT-B-32", "snapshots", "40d365715913", "ViT-B-32.pt");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, "weights");

            Assert.Equal(file, new ModelStore(new() { CacheFolder = folder }).GetPath("ViT-B-32"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
