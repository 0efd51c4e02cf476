using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Backbones.Dino;
using MfpClip.Execution;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Backbones;

/// <summary>DINOv2 against the authors' code, from both layouts of its files, with both rules for positions, with and without registers and SwiGLU.</summary>
public class DinoParityTests
{
    public static TheoryData<string, bool> Models
    {
        get
        {
            var data = new TheoryData<string, bool>();
            foreach (string model in Goldens.Present("dinov2") ? Names() : ["none"])
            {
                data.Add(model, false);
                data.Add(model, true);
            }

            return data;
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Every_listed_tensor_agrees(string model, bool huggingFace)
    {
        using var scope = torch.NewDisposeScope();
        string root = Path.Combine(Goldens.Family("dinov2"), model);
        var about = Goldens.Manifest("dinov2").GetProperty("models").GetProperty(model);
        var inputs = Goldens.Tensors(root, "inputs.safetensors");
        var expected = Goldens.Tensors(root, "expected.safetensors");
        bool registers = about.GetProperty("registers").GetInt32() > 0;
        string weights = Path.Combine(root, huggingFace ? Path.Combine("hf", "model.safetensors") : "model.pth");

        // The same weights run by the authors' rule from both layouts; Hugging Face's own rule is the default of its layout.
        var compared = new HashSet<string>();
        using (var authors = DinoBackbone.Load(weights, new()
        {
            Heads = huggingFace ? null : about.GetProperty("heads").GetInt32(),
            Interpolation = registers || !huggingFace ? null : PositionInterpolation.BicubicOffset,
        }))
        {
            CheckSizes(about, authors.Config);
            foreach (string run in Runs(inputs))
            {
                compared.UnionWith(Compare(authors, inputs[$"images.{run}"], run, expected));
            }
        }

        if (huggingFace)
        {
            using var port = DinoBackbone.Load(Path.Combine(root, "hf"));
            foreach (string run in Runs(inputs).Where(r => expected.ContainsKey($"hf_pos_embed.{r}")))
            {
                compared.UnionWith(CompareHuggingFace(port, inputs[$"images.{run}"], run, expected));
            }
        }

        Assert.Empty(expected.Keys.Where(k => huggingFace || !k.StartsWith("hf_", StringComparison.Ordinal)).Except(compared));
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void Both_layouts_hold_the_same_weights(string model, bool huggingFace)
    {
        using var scope = torch.NewDisposeScope();
        string root = Path.Combine(Goldens.Family("dinov2"), model);
        using var authors = DinoBackbone.Load(Path.Combine(root, "model.pth"), new() { Heads = 1 });
        using var port = DinoBackbone.Load(huggingFace ? Path.Combine(root, "hf") : Path.Combine(root, "hf", "model.safetensors"));

        var (a, b) = (authors.FrozenWeights, port.FrozenWeights);

        Assert.Equal(a.Select(t => t.Key), b.Select(t => t.Key));
        Assert.All(a.Zip(b), p => Assert.True(p.First.Value.eq(p.Second.Value).all().item<bool>(), p.First.Key));
    }

    [SkippableTheory]
    [MemberData(nameof(Models))]
    public void A_file_or_folder_is_recognised_as_what_it_holds(string model, bool folder)
    {
        string root = Path.Combine(Goldens.Family("dinov2"), model);
        int heads = Goldens.Manifest("dinov2").GetProperty("models").GetProperty(model).GetProperty("heads").GetInt32();

        using var port = BackboneFile.Load(folder ? Path.Combine(root, "hf") : Path.Combine(root, "hf", "model.safetensors"), new(), new());
        using var authors = BackboneFile.Load(Path.Combine(root, "model.pth"), new(), new() { Heads = heads });

        Assert.Equal(Assert.IsType<DinoBackbone>(port).Config, Assert.IsType<DinoBackbone>(authors).Config);
        Assert.Contains("CLIP", Assert.Throws<WeightsException>(
            () => BackboneFile.Load(Path.Combine(root, "hf"), new() { Activation = MfpClip.Kernels.MlpActivation.Gelu }, new())).Message);
    }

    [SkippableFact]
    public void A_residual_network_is_no_backbone_and_the_error_says_where_it_belongs() => Assert.Contains("UseCnn", Assert.Throws<WeightsException>(
        () => BackboneFile.Load(Path.Combine(Goldens.Family("patchcore"), "resnet.safetensors"), new(), new())).Message);

    private static void CheckSizes(JsonElement about, DinoConfig config)
    {
        Assert.Equal(about.GetProperty("embed_dim").GetInt32(), config.Width);
        Assert.Equal(about.GetProperty("depth").GetInt32(), config.Layers);
        Assert.Equal(about.GetProperty("heads").GetInt32(), config.Heads);
        Assert.Equal(about.GetProperty("training_image_size").GetInt32(), config.ImageSize);
        Assert.Equal(about.GetProperty("ffn_hidden").GetInt32(), config.HiddenWidth);
        Assert.Equal(about.GetProperty("registers").GetInt32(), config.Registers);
    }

    private static List<string> Compare(DinoBackbone backbone, Tensor images, string run, Dictionary<string, Tensor> expected)
    {
        using var guard = torch.no_grad();
        var tower = (DinoVisionTower)backbone.Vision;
        var (rows, columns) = (images.shape[2] / tower.PatchSize, images.shape[3] / tower.PatchSize);
        int prefix = tower.PrefixTokens, last = tower.Layers;
        var blocks = new List<Tensor> { tower.Embed(images) };
        for (int i = 0; i < last; i++)
        {
            blocks.Add(tower.RunBlocks(blocks[i], i, 1, ForwardContext.Default));
        }

        Tensor Patches(Tensor tokens) => tokens.narrow(1, prefix, rows * columns);
        var normed = tower.Project(blocks[last]);
        var found = new Dictionary<string, Tensor>
        {
            ["patch_embed"] = tower.EmbedPatches(images).flatten(2).transpose(1, 2),
            ["pos_embed"] = tower.Positions.For(rows, columns).unsqueeze(0),
            ["tokens"] = blocks[0],
            ["x_norm_clstoken"] = normed.select(1, 0),
            ["x_norm_regtokens"] = normed.narrow(1, 1, prefix - 1),
            ["x_norm_patchtokens"] = Patches(normed),
            ["intermediate_norm.patch"] = Patches(tower.Project(blocks[last - 1])),
            ["intermediate_norm.class"] = tower.Project(blocks[last - 1]).select(1, 0),
            ["intermediate_raw.patch"] = Patches(blocks[last - 1]),
            ["intermediate_raw.class"] = blocks[last - 1].select(1, 0),
            ["intermediate_reshaped"] = Patches(tower.Project(blocks[1])).transpose(1, 2).unflatten(2, [rows, columns]),
        };
        for (int i = 1; i <= last; i++)
        {
            found[$"block{i}"] = blocks[i];
        }

        return Check(found, run, expected);
    }

    private static List<string> CompareHuggingFace(DinoBackbone backbone, Tensor images, string run, Dictionary<string, Tensor> expected)
    {
        using var guard = torch.no_grad();
        var tower = (DinoVisionTower)backbone.Vision;
        var (rows, columns) = (images.shape[2] / tower.PatchSize, images.shape[3] / tower.PatchSize);
        return Check(new()
        {
            ["hf_pos_embed"] = tower.Positions.For(rows, columns).unsqueeze(0),
            ["hf_last_hidden_state"] = tower.Project(tower.RunBlocks(tower.Embed(images), 0, tower.Layers, ForwardContext.Default)),
        }, run, expected);
    }

    private static List<string> Check(Dictionary<string, Tensor> found, string run, Dictionary<string, Tensor> expected)
    {
        var compared = new List<string>();
        foreach (var (name, tensor) in found)
        {
            int dot = name.IndexOf('.', StringComparison.Ordinal);
            string full = dot < 0 ? $"{name}.{run}" : $"{name[..dot]}.{run}{name[dot..]}";
            if (expected.TryGetValue(full, out var wanted))
            {
                Goldens.Close(full, wanted, tensor, Tolerance(name, wanted));
                compared.Add(full);
            }
        }

        return compared;
    }

    // manifest.json, "tolerance"
    private static double Tolerance(string name, Tensor expected) => name.Contains("pos_embed", StringComparison.Ordinal) ? 1e-5
        : new[] { "x_norm", "intermediate", "hf_" }.Any(n => name.StartsWith(n, StringComparison.Ordinal))
            ? Math.Max(5e-5, 1e-5 * expected.abs().max().item<float>()) : 5e-5;

    private static IEnumerable<string> Runs(Dictionary<string, Tensor> inputs) => inputs.Keys.Select(k => k["images.".Length..]);

    private static IEnumerable<string> Names() => Goldens.Manifest("dinov2").GetProperty("models").EnumerateObject().Select(m => m.Name);
}
