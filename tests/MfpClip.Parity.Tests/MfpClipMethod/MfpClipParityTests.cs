using System.Text.Json;
using MfpClip.Backbones.Clip;
using MfpClip.Data.Procedural;
using MfpClip.Execution;
using MfpClip.Methods.Mfp;
using MfpClip.Parity.Tests.Methods;
using MfpClip.Pipeline;
using MfpClip.Text;
using MfpClip.Weights;

namespace MfpClip.Parity.Tests.MfpClipMethod;

/// <summary>The four modules and their variants against an independent implementation of docs/method.md: every case, every intermediate.</summary>
public class MfpClipParityTests
{
    [SkippableFact]
    public void Every_case_and_every_intermediate_tensor_agrees()
    {
        string folder = Goldens.Family("mfp-clip");
        var manifest = Goldens.Manifest("mfp-clip");
        using var scope = torch.NewDisposeScope();
        var inputs = Goldens.Tensors(folder, "inputs.safetensors");
        var expected = Goldens.Tensors(folder, "expected.safetensors");
        using var weights = WeightFile.Open(Path.Combine(folder, "weights.safetensors"));
        var config = manifest.GetProperty("configuration");
        var compared = new HashSet<string>();
        foreach (string name in manifest.GetProperty("cases").EnumerateObject().Select(c => c.Name))
        {
            using var clip = GoldenComposition.LoadClip(weights, config);
            using var trace = new ForwardTrace(keepTensors: true);
            using var guard = torch.no_grad();
            var parts = GoldenComposition.Compose(name, clip, config, inputs);
            ModuleCheckpoint.Load(parts.Checkpointed, weights, foreign: _ => true);
            long side = inputs["images"].shape[2] / clip.Vision.PatchSize;
            Goldens.Close("position_embedding", expected["position_embedding"], ((VisionTower)clip.Vision).Positions.For(side, side), Tolerance(
                manifest, "position_embedding"));
            compared.Add("position_embedding");
            using var states = StateSentenceEncoder.Encode(
                clip.Text, "object", inputs["ids"].narrow(0, 0, 1), inputs["ids"].narrow(0, 1, 1), ForwardContext.Default);
            new ModulePipeline(parts).Forward(inputs["images"], states, new() { Trace = trace });
            long batch = inputs["images"].shape[0];
            foreach (string golden in expected.Keys.Where(k => k.StartsWith($"{name}.", StringComparison.Ordinal)))
            {
                string key = golden[(name.Length + 1)..];
                var actual = trace.Tensors[key == "P_v" ? "P_v1" : key];
                // Texts that do not depend on the image are computed once and shared by the batch.
                actual = key is "t" && actual.shape[0] == 1 ? actual.expand(batch, -1, -1) : actual;
                Goldens.Close(golden, expected[golden], actual, Tolerance(manifest, key));
                compared.Add(golden);
            }

            foreach (var module in parts.Modules)
            {
                module.Dispose();
            }
        }

        Assert.Empty(expected.Keys.Where(k => !k.StartsWith("train.", StringComparison.Ordinal)).Except(compared));
    }

    private static double Tolerance(JsonElement manifest, string key) => manifest.GetProperty("tolerance").GetProperty(
        key.StartsWith("logits", StringComparison.Ordinal) ? "logits"
        : key[0] is 'E' or 'Z' or 'P' ? "tokens E, Z, P"
        : "t, class_embedding, maps, scores").GetDouble();
}
