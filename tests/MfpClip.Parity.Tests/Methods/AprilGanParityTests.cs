using System.Text.Json;
using MfpClip.Backbones;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural;
using MfpClip.Data.Procedural.Canvas;
using MfpClip.Data.Procedural.Noise;
using MfpClip.Execution;
using MfpClip.Imaging;
using MfpClip.Kernels;
using MfpClip.Modules.Scoring;
using MfpClip.Objectives;
using MfpClip.Pipeline;
using MfpClip.Text;
using MfpClip.Training;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.Methods;

/// <summary>APRIL-GAN against its authors' code, composed and loaded as a user does: every tensor that the manifest lists, in both runs.</summary>
public class AprilGanParityTests
{
    private const string Family = "april-gan";

    [SkippableFact]
    public void Every_listed_tensor_agrees()
    {
        string folder = Goldens.Family(Family);
        var manifest = Goldens.Manifest(Family);
        using var scope = torch.NewDisposeScope();
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        var actual = new Dictionary<string, Tensor>();
        foreach (var run in manifest.GetProperty("runs").EnumerateObject())
        {
            using var detector = Build(folder, manifest, run.Value);
            Infer(run.Name, detector, manifest, inputs[$"images_{run.Name}"], actual);
            Train(run.Name, detector, manifest, inputs, expected, actual);
        }

        var t = manifest.GetProperty("tolerance");
        var (features, maps, loss) =
            (Tolerance.Of(t.GetProperty("features")), Tolerance.Of(t.GetProperty("maps_and_probabilities")), Tolerance.Of(t.GetProperty("loss")));
        double relative = t.GetProperty("gradients").GetProperty("rtol").GetDouble();
        ManifestComparison.EveryTensorAgrees(Family, actual, (name, golden) => name switch
        {
            _ when name.StartsWith("tokens_", StringComparison.Ordinal) => Tolerance.Exact,
            _ when name.Contains(".train.grad.", StringComparison.Ordinal) => new(1e-4 * golden.abs().max().item<float>(), relative),
            _ when name.Contains(".train.after_step.", StringComparison.Ordinal) => new(2e-5, 0),
            _ when name.Contains(".train.", StringComparison.Ordinal) => loss,
            _ when name.Contains("map", StringComparison.Ordinal) || name.Contains("probs", StringComparison.Ordinal) || name.Contains(
                "score", StringComparison.Ordinal) => maps,
            _ => features,
        });
    }

    [SkippableFact]
    public void Every_prompt_of_the_preset_is_the_references_in_its_order()
    {
        var prompts = Goldens.Json(Path.Combine(Goldens.Family(Family), "prompts.json"));
        foreach (var name in prompts.EnumerateObject())
        {
            var (normal, abnormal) = PromptEnsembles.AprilGan.Expand(name.Name);

            Assert.Equal(name.Value.EnumerateObject().First().Value.EnumerateArray().Select(s => s.GetString()), normal);
            Assert.Equal(name.Value.EnumerateObject().Last().Value.EnumerateArray().Select(s => s.GetString()), abnormal);
        }
    }

    [SkippableFact]
    public void The_authors_file_loads_by_content_and_the_converted_one_gives_the_same()
    {
        string folder = Goldens.Family(Family);
        var manifest = Goldens.Manifest(Family);
        var run = manifest.GetProperty("runs").EnumerateObject().First().Value;
        string temporary = Directory.CreateTempSubdirectory("mfpclip-").FullName;
        try
        {
            string misnamed = Path.Combine(temporary, "weights.bin");
            File.Copy(Path.Combine(folder, "linear.pth"), misnamed);
            using var first = Build(folder, manifest, run, misnamed);
            string converted = Path.Combine(temporary, "linear.safetensors");
            first.SaveModules(converted);
            using var second = Build(folder, manifest, run, converted);
            using var authors = WeightFile.Open(misnamed);
            using var scope = torch.NewDisposeScope();
            var (a, b) = (Parts(first).MultiPatch.Weights, Parts(second).MultiPatch.Weights);

            Assert.Equal(authors.Tensors.Count, a.Count);
            for (int i = 0; i < a.Count; i++)
            {
                string original = $"trainable_linearlayer.fc.{i / 2}.{(i % 2 == 0 ? "weight" : "bias")}";
                Goldens.Close(original, authors.Read(original), a[i].Value, 0);
                Goldens.Close($"{original} after the round trip", a[i].Value, b[i].Value, 0);
            }
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private static PromptTemplates Templates(JsonElement manifest)
    {
        var p = manifest.GetProperty("prompts");
        return PromptEnsembles.AprilGan with
        {
            Templates = Fill(p.GetProperty("templates"), PromptTemplates.StatePlaceholder),
            NormalStates = Fill(p.GetProperty("normal_states"), PromptTemplates.ObjectPlaceholder),
            AbnormalStates = Fill(p.GetProperty("abnormal_states"), PromptTemplates.ObjectPlaceholder),
        };
    }

    private static ZeroShotDetector Build(string folder, JsonElement manifest, JsonElement run, string? linear = null)
    {
        return new ZeroShotDetectorBuilder()
            .UseBackbone(Path.Combine(folder, "clip.safetensors"), new() { Config = GoldenClip.Config(manifest.GetProperty("model"), MlpActivation.QuickGelu) })
            .UseAprilGan(new()
            {
                Layers = [.. Layers(manifest)], SumOfLayers = true,
                Templates = Templates(manifest),
            })
            .WithImageSize(run.GetProperty("image_size").GetInt32())
            .WithModuleWeights(linear ?? Path.Combine(folder, "linear.pth"))
            .Build();
    }

    private static void Infer(string run, ZeroShotDetector detector, JsonElement manifest, Tensor images, Dictionary<string, Tensor> actual)
    {
        using var guard = torch.no_grad();
        using var trace = new ForwardTrace(keepTensors: true);
        var parts = Parts(detector);
        var vision = (VisionTower)parts.Backbone.Vision;
        var (grid, layers) = (images.shape[2] / vision.PatchSize, Layers(manifest));
        using var states = States(parts, manifest, "class_name", actual, run);
        using var second = States(parts, manifest, "second_class_name", null, run);
        var output = new ModulePipeline(parts).Forward(images, states, new() { Trace = trace });
        var t = trace.Tensors["t"][0];
        actual[$"{run}.text_features"] = t.t().clone();
        actual[$"{run}.text_features_cls2"] = second.Embeddings.t().clone();
        actual[$"{run}.visual_positional_embedding"] = vision.Positions.For(grid, grid).clone();
        for (int i = 0; i < layers.Count; i++)
        {
            actual[$"{run}.tokens_layer{layers[i]}"] = trace.Tensors[$"E{i + 1}"].clone();
            actual[$"{run}.linear_layer{layers[i]}"] = trace.Tensors[$"Z{i + 1}_projected"].flatten(2).transpose(1, 2).clone();
            actual[$"{run}.anomaly_map_layer{layers[i]}"] = trace.Tensors[$"A{i + 1}"].clone();
        }

        var last = vision.RunBlocks(trace.Tensors[$"E{layers.Count}"], layers[^1], vision.Layers - layers[^1], ForwardContext.Default);
        actual[$"{run}.image_features"] = vision.Project(last.select(1, 0));
        actual[$"{run}.text_probs"] = ((AnomalyScorer)parts.Score).Logits(trace.Tensors["class_embedding"], trace.Tensors["t"]).softmax(-1);
        actual[$"{run}.image_score"] = output.Score;
        actual[$"{run}.anomaly_map"] = output.Map;
    }

    private static void Train(
        string run, ZeroShotDetector detector, JsonElement manifest, Dictionary<string, Tensor> inputs, Dictionary<string, Tensor> expected,
        Dictionary<string, Tensor> actual)
    {
        var hyper = manifest.GetProperty("hyper_parameters");
        var (images, masks) = (inputs[$"images_{run}"], inputs[$"masks_{run}"].squeeze(1));
        ITrainableMethod method = detector.GetTrainable();
        foreach (var (_, weight) in method.TrainedWeights)
        {
            weight.requires_grad_(true);
        }

        var loss = method.Loss(new()
        {
            Images = ImageBatch.FromNormalized(images, detector.Pass.GetService<IClipBackbone>()!.Normalization),
            ClassNames = [hyper.GetProperty("class_name").GetString()!, hyper.GetProperty("second_class_name").GetString()!],
            Labels = (masks.amax([1, 2]) > 0.5).to(ScalarType.Float32), Masks = masks, HasMask = [true, true],
        }, ForwardContext.Default);
        actual[$"{run}.train.loss"] = loss.Total.detach().reshape(1);
        foreach (string kind in new[] { "focal", "dice" })
        {
            actual[$"{run}.train.{kind}_per_layer"] = torch.tensor(
                loss.Terms.Where(t => t.Key.StartsWith(kind, StringComparison.Ordinal)).Select(t => t.Value).ToArray());
        }

        loss.Total.backward();
        using var adam = new AdamOptimizer(method.Recipe, method.TrainedWeights);
        adam.Step(method.Recipe.LearningRate * method.Recipe.Factor(0));
        foreach (var (name, weight) in method.TrainedWeights)
        {
            string[] parts = name["mpfa.linear".Length..].Split('.');
            string theirs = $"fc.{int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture) - 1}.{parts[1]}";
            actual[$"{run}.train.grad.{theirs}"] = weight.grad!.clone();
            if (expected.TryGetValue($"{run}.train.after_step.{theirs}", out var after))
            {
                // The first step moves a value by the rate times the sign of its gradient: noise decides where the gradient is nearly 0.
                var noise = expected[$"{run}.train.grad.{theirs}"].abs() < 1e-6;
                actual[$"{run}.train.after_step.{theirs}"] = torch.where(noise, after, weight.detach());
            }
        }
    }

    private static StateSentences States(PipelineParts parts, JsonElement manifest, string which, Dictionary<string, Tensor>? actual, string run)
    {
        string name = manifest.GetProperty("hyper_parameters").GetProperty(which).GetString()!;
        var (normal, abnormal) = Templates(manifest).Expand(name);
        var (n, a) = (Ids(parts.Backbone.Text, normal), Ids(parts.Backbone.Text, abnormal));
        if (actual is not null)
        {
            actual["tokens_normal"] = n;
            actual["tokens_abnormal"] = a;
            actual[$"{run}.prompt_embeddings_normal"] = StateSentenceEncoder.EmbedEach(parts.Backbone.Text, n, ForwardContext.Default);
            actual[$"{run}.prompt_embeddings_abnormal"] = StateSentenceEncoder.EmbedEach(parts.Backbone.Text, a, ForwardContext.Default);
        }

        return StateSentenceEncoder.Encode(parts.Backbone.Text, name, n, a, ForwardContext.Default);
    }

    private static Tensor Ids(ITextTower text, IReadOnlyList<string> sentences) => torch.tensor(
        sentences.SelectMany(s => ClipTokenizer.Default.EncodePadded(s, text.ContextLength)).ToArray(), [sentences.Count, text.ContextLength]);

    private static PipelineParts Parts(ZeroShotDetector detector) => ((ModulePass)detector.Pass).Parts;

    private static List<int> Layers(JsonElement manifest) =>
        [.. manifest.GetProperty("hyper_parameters").GetProperty("features_list").EnumerateArray().Select(l => l.GetInt32())];

    private static List<string> Fill(JsonElement items, string placeholder) =>
        [.. items.EnumerateArray().Select(s => s.GetString()!.Replace("{}", placeholder, StringComparison.Ordinal))];
}
