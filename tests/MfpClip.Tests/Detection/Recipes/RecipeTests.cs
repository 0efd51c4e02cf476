using System.Text.Json.Nodes;
using MfpClip.Backbones.Clip;
using MfpClip.Backbones.Cnn;
using MfpClip.Detection;
using MfpClip.Methods.WinClip;
using MfpClip.Modules.Mask;
using MfpClip.Modules.MultiPatch;
using MfpClip.Modules.Self;
using MfpClip.Output;

namespace MfpClip.Tests.Detection.Recipes;

public sealed class RecipeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mfpclip-recipe-").FullName;

    public static TheoryData<string> Methods => [.. DetectorRegistry.Default.Methods.Select(m => m.Description.Id)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_detector_built_again_from_its_recipe_gives_the_same(string method)
    {
        using var first = Builder(method).Build();
        bool bare = DetectorRegistry.Default.FindMethod(method).Description.NeedsReferences;
        first.Recipe.Save(Path.Combine(_folder, "recipe.json"));

        var recipe = DetectorRecipe.Load(Path.Combine(_folder, "recipe.json"));
        using var second = ZeroShotDetectorBuilder.From(recipe).Build();

        AnomalyResult Detect(ZeroShotDetector detector)
        {
            using var with = bare ? detector.WithReferences([ZeroShotDetectorTests.Picture(2), ZeroShotDetectorTests.Picture(3)])
                : detector.WithCalibration(null);
            return with.Detect(ZeroShotDetectorTests.Picture(1));
        }

        var (a, b) = (Detect(first), Detect(second));
        Assert.Equal(a.Score, b.Score);
        Assert.Equal(a.ModelMap.Data, b.ModelMap.Data);
        Assert.Equal(method, first.Description.MethodId);
        Assert.Equal((first.Description.CompositionHash, first.Description.WeightsHash), (second.Description.CompositionHash, second.Description.WeightsHash));
        Assert.Equal(first.Recipe.ToJson(), second.Recipe.ToJson());
        Assert.Equal(first.Recipe.ToJson(), first.Description.Recipe);
    }

    [Fact]
    public void Settings_and_order_of_calls_are_told_apart_by_the_composition_alone()
    {
        string Hash(Func<ZeroShotDetectorBuilder, ZeroShotDetectorBuilder> change)
        {
            using var detector = change(Builder("mfp-clip")).Build();
            return detector.Description.CompositionHash;
        }

        string own = Hash(b => b);
        Assert.Equal(64, own.Length);
        Assert.Equal(own, Hash(b => b.WithBatchSize(2)));
        Assert.Equal(own, Hash(b => b.UseMultiPatch(new MultiPatchOptions { Seed = 7 })));
        string[] others =
        [
            Hash(b => b.UseMultiPatch(new MultiPatchOptions { Neighbourhood = 5 })), Hash(b => b.WithoutMaskPrompt()), Hash(b => b.WithStages(2)),
            Hash(b => b.WithImageSize(112)),
            Hash(b => b.WithScales(1, 0.5)), Hash(b => b.WithPromptTemplates(new() { NormalStates = ["a fine [object]"] })),
        ];
        Assert.Equal(others.Length + 1, others.Append(own).Distinct().Count());
    }

    [Fact]
    public void A_recipe_by_hand_names_only_what_it_changes()
    {
        var recipe = DetectorRecipe.Parse("""
            {
              // short forms
              "backbone": { "random_seed": 1, "config": { "embed_dim": 16, "activation": "gelu",
                "vision": { "image_size": 28, "patch_size": 14, "width": 32, "layers": 4, "heads": 2 },
                "text": { "vocab_size": 49408, "width": 16, "layers": 2, "heads": 2 } } },
              "image_to_text": "off", "self_prompt": "off", "mask_prompt": { "variant": "prototype", "beta": 0.25 }, "image_size": 56,
            }
            """);
        using var detector = ZeroShotDetectorBuilder.From(recipe).Build();

        var mask = detector.Description.Stages.Single(s => s.Id == "mask_prompt");
        Assert.Equal("mask-prompt", mask.Implementation);
        Assert.Equal(0.25, JsonNode.Parse(mask.Settings)!["beta"]!.GetValue<double>());
        Assert.Equal("off", detector.Description.Stages.Single(s => s.Id == "self_prompt").Component);
    }

    [Theory]
    [InlineData("""{ "method": "patchcor" }""", "patchcor", "winclip")]
    [InlineData("""{ "bakbone": "x" }""", "bakbone")]
    [InlineData("""{ "mask_prompt": { "implementation": "mask-prompt", "settings": { "bta": 1 } } }""", "bta")]
    [InlineData("""{ "mask_prompt": { "settings": 5 } }""", "'settings' of a part are an object")]
    [InlineData("""{ "mask_prompt": { "implementation": "mask-prompt", "settings": [1] } }""", "'settings' of a part are an object")]
    [InlineData("""{ "mask_prompt": "sharpen" }""", "sharpen", "AddModule")]
    [InlineData("""{ "backbone": { "package": "huge" } }""", "huge")]
    [InlineData("""{ "backbone": { "path": "a", "package": "tiny" } }""", "path and package")]
    [InlineData("""{ "backbone": { "random_seed": 1 } }""", "sizes")]
    [InlineData("""{ "precision": "int4" }""", "int4", "bfloat16")]
    [InlineData("""{ "format": "mfpclip-recipe-9" }""", "mfpclip-recipe-9")]
    [InlineData("""{ "method": "winclip", "method_options": { "references": ["memory:x"] } }""", "memory:x")]
    [InlineData("[]", "recipe")]
    [InlineData("{", "recipe")]
    public void What_is_wrong_in_a_recipe_is_named(string json, params string[] words)
    {
        var e = Assert.Throws<DetectorConfigurationException>(() => ZeroShotDetectorBuilder.From(DetectorRecipe.Parse(json)));
        Assert.All(words, w => Assert.Contains(w, e.Message, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public void Every_fault_of_a_recipe_is_listed_at_once()
    {
        var recipe = DetectorRecipe.Parse("""
            { "backbone": { "package": "huge" }, "mask_prompt": "sharpen", "anomaly_map": { "tauu": 1 }, "precision": "int4" }
            """);
        Assert.Equal(4, Assert.Throws<DetectorConfigurationException>(() => ZeroShotDetectorBuilder.From(recipe)).Faults.Count);
    }

    [Fact]
    public void A_file_that_is_no_recipe_or_too_large_is_refused()
    {
        string path = Path.Combine(_folder, "large.json");
        File.WriteAllText(path, "{" + new string(' ', 1 << 20) + "}");
        Assert.Contains("1048576", Assert.Throws<DetectorConfigurationException>(() => DetectorRecipe.Load(path)).Message, StringComparison.Ordinal);
        Assert.Contains("absent.json", Assert.Throws<DetectorConfigurationException>(() => DetectorRecipe.Load(Path.Combine(_folder, "absent.json"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_given_as_a_function_is_named_by_its_type_and_the_method_says_so()
    {
        using var detector = Builder("mfp-clip").UseMaskPrompt(_ => new NoMaskPrompt()).Build();

        Assert.Equal(typeof(NoMaskPrompt).FullName, detector.Recipe.MaskPrompt!.Implementation);
        Assert.EndsWith("with the user's own mask prompt", detector.Description.Method, StringComparison.Ordinal);
        var e = Assert.Throws<DetectorConfigurationException>(() => ZeroShotDetectorBuilder.From(detector.Recipe));
        Assert.Contains(nameof(NoMaskPrompt), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_that_is_registered_comes_back()
    {
        var registry = new DetectorRegistry();
        registry.AddMethod(new("own", "Own"), (Settings _) => new Own());
        registry.AddModule<IMaskPrompt, Settings>("own-mask", s => new("own-mask", _ => new NoMaskPrompt()) { Options = s });
        var recipe = new DetectorRecipe
        {
            Method = "own", Backbone = new() { RandomSeed = 1, Config = ZeroShotDetectorTests.Config },
            MaskPrompt = new("own-mask", new() { ["strength"] = 3 }),
        };

        using var detector = ZeroShotDetectorBuilder.From(recipe, registry).WithoutImageToTextPrompt().WithoutSelfPrompt().WithImageSize(56).Build();

        Assert.Equal("own-mask", detector.Recipe.MaskPrompt!.Implementation);
        Assert.Equal(3, detector.Recipe.MaskPrompt.Settings!["strength"]!.GetValue<int>());
        Assert.Equal("Own", detector.Description.Method);
        Assert.Throws<DetectorConfigurationException>(detector.GetTrainable);
    }

    [Fact]
    public void Images_in_memory_do_not_stop_a_detector_but_its_recipe()
    {
        var image = ImageInput.FromPixels(ZeroShotDetectorTests.Picture(1), "here");
        using var detector = new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config)
            .UseWinClip(new WinClipOptions { References = [image] }).WithImageSize(56).Build();

        Assert.Contains("memory:here", detector.Recipe.ToJson(), StringComparison.Ordinal);
        Assert.Throws<DetectorConfigurationException>(() => ZeroShotDetectorBuilder.From(detector.Recipe));
    }

    [Fact]
    public void Another_backbone_leaves_nothing_of_an_earlier_one()
    {
        // A backbone given as an object chooses its device itself; a file named afterwards must not inherit that.
        using var backbone = MfpClip.Backbones.Clip.ClipBackbone.CreateRandom(ZeroShotDetectorTests.Config, 1);
        var e = Assert.Throws<DetectorConfigurationException>(
            () => new ZeroShotDetectorBuilder().UseBackbone(backbone).UseBackbone("/absent/model.pt").UseDevice("tpu").Build());
        Assert.Contains(e.Faults, f => f.Contains("tpu", StringComparison.Ordinal));
    }

    [Fact]
    public void A_recipe_follows_references_and_calibration()
    {
        string photo = Path.Combine(_folder, "normal.png");
        MfpClip.Output.MapFiles.WritePng(photo, ZeroShotDetectorTests.Picture(1));
        using var alone = Builder("april-gan").Build();
        using var referenced = alone.WithReferences([photo]);
        using var calibrated = referenced.WithCalibration(new()
        {
            ImageThreshold = 0.5f, PixelThreshold = 0.5f, MinimumScore = 0, MaximumScore = 1, Strategy = "by hand",
        });

        using var again = ZeroShotDetectorBuilder.From(DetectorRecipe.Parse(calibrated.Recipe.ToJson())).Build();

        Assert.Null(alone.Recipe.References);
        Assert.Equal(calibrated.Detect(photo).Score, again.Detect(photo).Score, 1e-5f);
        Assert.Equal(calibrated.Calibration, again.Calibration);
    }

    private static ZeroShotDetectorBuilder Builder(string method)
    {
        var known = DetectorRegistry.Default.FindMethod(method);
        var builder = new ZeroShotDetectorBuilder().UseRandomBackbone(ZeroShotDetectorTests.Config, 3).UseMethod(known.Create(7)).WithImageSize(56);
        return !known.Description.NeedsBackbone
            ? new ZeroShotDetectorBuilder().UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 })
                .UseMethod(known.Create(7)).WithImageSize(56)
            : known.Description.ReadsCnn
            ? builder.UseCnn(new ResNetOptions { Architecture = ResNetArchitecture.ResNet18, RandomSeed = 1 })
                .UseSelfPrompt(new SelfPromptOptions { AdapterCount = 2, Seed = 7 })
            : builder;
    }

    private sealed record Settings
    {
        public int Strength { get; init; }
    }

    private sealed class Own : IDetectionMethod
    {
        public MethodDescription Description { get; } = new("own", "Own");
    }
}
